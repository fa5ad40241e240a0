// The programs of the README and of the documents, as they stand there: all compiled strictly, and run against a real server where they can be.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeProject } from '../helpers/snippets/project.mjs';
import { readSnippets } from '../helpers/snippets/read.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const snippets = await readSnippets();

describe('the programs of the documents', () => {
  let server;
  let project;

  before(async () => {
    project = await makeProject();
    server = await startSdkServer({ mode: 'stateful' });
  });
  after(async () => {
    await server.close();
    await project.remove();
  });

  const here = (code) => code.replaceAll('http://127.0.0.1:3000/mcp', server.url);

  test('all compile', async () => {
    const fileOf = ({ file, language }, index) => file ?? `snippet-${index}.${language.endsWith('x') ? 'tsx' : 'mts'}`;
    await Promise.all(snippets.map((snippet, index) => project.write(fileOf(snippet, index), snippet.whole)));
    // The declarations of the AI SDK are not made for `exactOptionalPropertyTypes`.
    const imports = (from) => (name) => snippets[/\d+/.exec(name)[0]].code.includes(`from '${from}`);
    const isLoose = imports('@ai-sdk/');
    const isOfNode = imports('node:');
    const files = snippets.filter(({ file }) => !file).map((snippet) => fileOf(snippet, snippets.indexOf(snippet)));
    const strict = await project.compile(files.filter((name) => !isLoose(name) && !isOfNode(name)));
    const loose = await project.compile(files.filter(isLoose), { exactOptionalPropertyTypes: false });
    const node = await project.compile(files.filter(isOfNode), { types: ['node'] });
    // Of Vite's and Next's own types, this is what they use.
    await project.write('vite.d.ts', 'interface ImportMeta { readonly hot?: { accept(updated: () => void): void } }');
    const bundled = await project.compile([...snippets.flatMap(({ file }) => file ?? []), 'vite.d.ts'], {
      module: 'ESNext',
      moduleResolution: 'Bundler',
    });
    const complaints = strict + loose + node + bundled;
    const named = complaints.replace(/snippet-(\d+)\.\w+/g, (_, index) => snippets[index].name);
    assert.equal(named, '');
  });

  test('those that begin with the import of init close their manager, without which Node does not end', () => {
    const programs = snippets.filter(({ code, notRun }) => !notRun && /^import init\b/m.test(code));
    assert.ok(programs.length > 3);
    for (const { name, code } of programs) assert.match(code, /manager\.close\(/, name);
  });

  for (const [index, { name, whole, notRun }] of snippets.entries())
    test(`${name} runs`, { skip: notRun }, async () => {
      const { ok, output } = await project.run(`run-${index}`, here(whole));
      assert.ok(ok, output);
      assert.doesNotMatch(output, /error/i);
    });

  test('the first of them is short, prints what it says and ends its session', async () => {
    const [{ code }] = snippets;
    assert.ok(code.trim().split('\n').length <= 20, 'it is short');
    const before = { ...server.counts };

    const { output } = await project.run('first', here(code));

    assert.match(output, /^\d+ tools; hello$/m);
    assert.equal(server.counts.initialize - before.initialize, 1);
    assert.equal(server.counts.delete - before.delete, 1, 'the session is ended at its server');
  });
});

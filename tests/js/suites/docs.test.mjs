// The documents are complete: each error code, event, counter and setting of the declarations has its place, and generated parts are as generated.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compareDocument } from '../bench/compare/document.mjs';
import { commands, commandsOf, shellBlocks } from '../helpers/snippets/commands.mjs';

const read = (path) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
const declarations = await read('npm/index.d.ts');

/** The text from a declaration's beginning to the brace or semicolon that ends it. */
function declared(beginning) {
  const from = declarations.indexOf(beginning);
  assert.ok(from >= 0, `there is no ${beginning}`);
  return declarations.slice(from, declarations.indexOf(beginning.endsWith('{') ? '\n}' : ';', from));
}

const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, '');
const membersOf = (name) =>
  [...withoutComments(declared(`export interface ${name} {`)).matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member);
/** The members of the interfaces and of the functions' options in a text of declarations. */
const optionsIn = (text) => [...withoutComments(text).matchAll(/^ {2}(\w+)\??(?::|\()/gm)].map(([, member]) => member);

/** The sections of a document by their headings, which are names in code. */
function sectionsOf(text) {
  const parts = text.split(/^#{2,3} /m).slice(1);
  return new Map(
    parts.flatMap((part) => {
      const [, name] = /^`(\w+)`\n/.exec(part) ?? [];
      return name ? [[name, part.slice(part.indexOf('\n'))]] : [];
    }),
  );
}

describe('docs/errors.md', async () => {
  const sections = sectionsOf(await read('docs/errors.md'));
  const codes = [...declared('export type ErrorCode =').matchAll(/'(\w+)'/g)].map(([, code]) => code);

  test('has a section for each error code and for no other', () => {
    assert.ok(codes.length > 0);
    assert.deepEqual([...sections.keys()].sort(), [...codes].sort());
  });

  for (const code of codes)
    test(`says of ${code} what it means, what to do, and whether it is retryable`, () => {
      const text = sections.get(code) ?? '';
      for (const part of ['**Meaning.**', '**What to do.**', '`retryable`: ']) assert.ok(text.includes(part), part);
    });
});

describe('docs/events.md', async () => {
  const document = await read('docs/events.md');
  const sections = sectionsOf(document);
  const map = withoutComments(declared('export interface SessionEventMap {'));
  const events = [...map.matchAll(/^ {2}(\w+): DetailWith(?:<(.*)>)?;/gm)].map(([, name, fields = '']) => ({
    name,
    fields: [...fields.matchAll(/'(\w+)'/g)].map(([, field]) => field),
  }));

  test('has a section for each event and for no other', () => {
    assert.ok(events.length > 0);
    assert.deepEqual([...sections.keys()].sort(), events.map(({ name }) => name).sort());
  });

  for (const { name, fields } of events)
    test(`names the fields of ${name}`, () => {
      const named = [...(sections.get(name) ?? '').matchAll(/`(\w+)\??(?:: '\w+')?`/g)].map(([, field]) => field);
      for (const field of fields) assert.ok(named.includes(field), field);
    });

  test('has each counter of getMetrics()', () => {
    const from = declarations.indexOf('Counters since the manager was created, by name');
    const comment = declarations.slice(from, declarations.indexOf('*/', from));
    const counters = [...comment.matchAll(/`(\w+)`/g)].map(([, counter]) => counter);
    assert.ok(counters.length > 10);
    for (const counter of counters) assert.ok(document.includes(`\`${counter}\``), counter);
  });

  test('has each state of a session', () => {
    const states = [...declared('export type SessionState =').matchAll(/'(\w+)'/g)].map(([, state]) => state);
    for (const state of states) assert.match(document, new RegExp(`^\\| \`${state}\` \\|`, 'm'));
  });
});

test('docs/oauth.md has each error code of its own', async () => {
  const [, section] = (await read('docs/oauth.md')).split('\n## Errors\n');
  const table = section.split('\n## ')[0];
  const folder = new URL('../../../npm/', import.meta.url);
  const paths = (await readdir(new URL('oauth/', folder), { recursive: true })).map((name) => `oauth/${name}`);
  const sources = await Promise.all(
    ['oauth.js', ...paths.filter((path) => path.endsWith('.js'))].map((path) =>
      readFile(new URL(path, folder), 'utf8'),
    ),
  );
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/new OAuthError\(\s*(?:\w+ \? '(\w+)' : )?'(\w+)'/g)].flatMap(([, one, other]) => [
      one ?? other,
      other,
    ]),
  );
  assert.ok(codes.length > 20);
  for (const code of codes) assert.ok(table.includes(`\`${code}\``), code);
});

test('docs/oauth.md has every option', async () => {
  const document = await read('docs/oauth.md');
  const text = await read('npm/oauth.d.ts');
  for (const beginning of [
    'interface ProviderOptions',
    'interface OAuthOptions',
    'function popup',
    'function redirect',
    'function loopback',
  ]) {
    const part = text.slice(text.indexOf(`export ${beginning}`));
    const options = optionsIn(part.slice(0, part.search(/^\}/m)));
    assert.ok(options.length > 0, beginning);
    for (const option of options)
      assert.match(document, new RegExp(`^\\| .*\`${option}\\b.*\\|`, 'm'), `${beginning}: ${option}`);
  }
});

test('each entry of the package is named by a document', async () => {
  const { exports } = JSON.parse(await read('npm/package.json'));
  const names = await readdir(new URL('../../../docs/', import.meta.url));
  const paths = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  const text = (await Promise.all(paths.map(read))).join('');
  for (const entry of Object.keys(exports).filter((path) => path !== './package.json'))
    assert.match(text, new RegExp(`mcp-tether${entry.slice(1)}[\`'"]`), entry);
});

test('the scenario of CONTRIBUTING.md is one that runs', async () => {
  const [, scenario] = /^```rust\n([\s\S]*?)^```$/m.exec(await read('CONTRIBUTING.md')) ?? [];
  assert.ok(scenario);
  assert.ok((await read('tests/scenarios/recovery.rs')).includes(scenario));
});

test('docs/settings.md has every setting', async () => {
  const document = await read('docs/settings.md');
  const settings = ['ServerConfig', 'SessionConfig', 'ManagerOptions', 'Limits', 'RequestOptions', 'ConnectOptions'];
  for (const name of settings.flatMap(membersOf))
    assert.match(document, new RegExp(`(\`|^ +)(\\w+\\.)*${name}\\b`, 'm'), `${name} is missing`);
});

test('docs/compared.md is made from the results of `make compare`', async () => {
  const results = JSON.parse(await read('docs/compared.json'));
  assert.equal(await read('docs/compared.md'), compareDocument(results));
  for (const { comparison } of results.rows) assert.ok((await read('docs/compared.md')).includes(comparison.slice(4)));
});

test('docs/clients.md has the table of the README', async () => {
  const tableOf = (text) => /<!-- calls after a restart[\s\S]*end of the calls after a restart -->/.exec(text)?.[0];
  const table = tableOf(await read('README.md'));
  assert.ok(table);
  assert.equal(tableOf(await read('docs/clients.md')), table);
});

describe('the commands in the documents', async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const { stdout } = await promisify(execFile)('git', ['ls-files', '*.md'], { cwd: root });
  const documents = stdout.split('\n').filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md');
  const told = (path, command) => (commands[path] ?? []).find(([beginning]) => command.startsWith(beginning));

  test('each is run by a test that names it, or has a reason why none does', async () => {
    for (const path of documents) {
      for (const command of (await shellBlocks(path)).flatMap(commandsOf)) {
        const [, by, reason] = told(path, command) ?? [];
        assert.ok(by ?? reason, `${path}: ${command}: add it to tests/js/helpers/snippets/commands.mjs`);
        if (by) assert.ok(existsSync(`${root}${by}`), `${path}: ${command}: there is no ${by}`);
      }
    }
  });

  test('the list has none that no document has', async () => {
    for (const [path, list] of Object.entries(commands)) {
      const typed = (await shellBlocks(path)).flatMap(commandsOf);
      const used = new Set(typed.map((command) => told(path, command)));
      assert.deepEqual(
        list.filter((entry) => !used.has(entry)).map(([beginning]) => beginning),
        [],
        path,
      );
    }
  });

  test('each target of make, script and file that they or the text name is there', async () => {
    const targets = new Set([...(await read('Makefile')).matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));
    for (const path of documents) {
      const text = await read(path);
      const inCode = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
      for (const command of [...inCode, ...(await shellBlocks(path)).flatMap(commandsOf)]) {
        const [, target] = /^(?:[A-Z_]+=\S+ )*make ([a-z-]+)/.exec(command) ?? [];
        if (target) assert.ok(targets.has(target), `${path}: make ${target}`);
        for (const [, file] of command.matchAll(
          /(?:^|\s)((?:tools|tests|benches|gateway|examples)\/[\w./-]+\.\w+)(?=\s|$)/g,
        ))
          assert.ok(existsSync(`${root}${file}`), `${path}: ${file}`);
      }
    }
  });
});

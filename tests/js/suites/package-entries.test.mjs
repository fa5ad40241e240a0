// The contents of the tarball, and the exports of each of its entries.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { installPackage, workspace } from '../helpers/package/install.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const run = promisify(execFile);

/** A program that connects to the server of its environment, and calls a tool. */
const called = (params, before = '') => `
  const manager = new McpManager({ mcpServers: { s: { url: '\${SERVER}' } } }, { log: false });
  const session = await manager.connect('ada', 's');
  async function mine() { ${before} await session.callTool(${params}); }
`;

describe('the entries of the package', () => {
  let installed;
  let server;

  before(async () => {
    installed = await installPackage();
    server = await startSdkServer();
  });

  after(async () => {
    await server?.close();
    await installed?.remove();
  });

  async function evaluate(script) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: installed.project,
    });
    return JSON.parse(stdout);
  }

  test('the tarball holds the module twice, the entries, types, licences and the pages that errors link to, and nothing else', () => {
    assert.deepEqual(installed.files.filter((path) => path !== 'README.md').sort(), [
      'LICENSE-APACHE',
      'LICENSE-MIT',
      'THIRD-PARTY-NOTICES',
      'base64.js',
      'browser.js',
      'cookies.d.ts',
      'cookies.js',
      'core.js',
      'devtools.d.ts',
      'devtools.js',
      'diagnose.js',
      'docs/toolchains.md',
      'doctor.js',
      'edge.js',
      'elicitation.js',
      'index.d.ts',
      'list-pages.js',
      'lists.d.ts',
      'lists.js',
      'mcp_tether_bg.wasm',
      'node.js',
      'oauth-more.js',
      'oauth.d.ts',
      'oauth.js',
      'openai-agents.d.ts',
      'openai-agents.js',
      'output-schema.d.ts',
      'output-schema.js',
      'package.json',
      'page.d.ts',
      'page.js',
      'platform.d.ts',
      'protocol.d.ts',
      'react.d.ts',
      'react.js',
      'slim.d.ts',
      'slim.js',
      'snapshot.d.ts',
      'snapshot.js',
      'storage.d.ts',
      'storage.js',
      'wasm.d.ts',
      'workerd.js',
      'yaml.d.ts',
      'yaml.js',
    ]);
  });

  test('the tarball, which holds the module twice, is no larger than 320 KiB', () => {
    // The two modules are 210 KiB of it, OAuth 17, declarations 23, the diagnosis with its check of logins 20, the devtools 14.
    assert.ok(installed.size <= 320 * 1024, `${installed.size} bytes`);
  });

  test('the links of its README lead to files of the repository', async () => {
    const { repository } = JSON.parse(await readFile(join(workspace, 'npm/package.json'), 'utf8'));
    const pages = `${repository.url.slice('git+'.length, -'.git'.length)}/blob/HEAD/`;
    const text = await readFile(join(installed.project, 'node_modules/mcp-tether/README.md'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
    const ours = links.filter((link) => link.startsWith(pages)).map((link) => link.slice(pages.length));

    assert.deepEqual(
      links.filter((link) => !/^(https:|#)/.test(link)),
      [],
      'none is relative',
    );
    const sections = (await readFile(join(workspace, 'README.md'), 'utf8')).split(/^(?=## )/m);
    const isOfRepository = (section) => /^## (Install|Try it)\n/.test(section);
    assert.equal(sections.filter(isOfRepository).length, 2, 'building it is no matter for who has the package');
    const left = sections.filter((section) => !isOfRepository(section));
    // The table of all documents is one link.
    const original = left
      .map((section) => section.replace(/^(## Documentation\n)[\s\S]*/, '$1[](docs/README.md)'))
      .join('');
    assert.ok(!text.includes('make demo'), text);
    assert.equal(ours.length, [...original.matchAll(/\]\((?!https:|#)/g)].length);
    for (const path of ours) await access(join(workspace, path.replace(/#.*/, '')));
  });

  test('the page that errors name has the sections that they name', async () => {
    const page = await readFile(join(installed.project, 'node_modules/mcp-tether/docs/toolchains.md'), 'utf8');
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title.toLowerCase().replaceAll(' ', '-'));
    const sources = await Promise.all(
      ['npm/load.js', 'src/core/config/parse.rs'].map((path) => readFile(join(workspace, path), 'utf8')),
    );
    const named = [...sources.join('').matchAll(/docs\/toolchains\.md#([\w-]+)/g)].map(([, anchor]) => anchor);
    assert.deepEqual([...new Set(named)].sort(), headings.sort());
  });

  test('publint reports nothing', async () => {
    const { messages, pkg } = await publint({ pkgDir: join(workspace, 'pkg'), strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      [],
    );
  });

  test('the types of every entry are found and match its exports', async () => {
    const archive = createPackageFromTarballData(await readFile(installed.tarball));
    const { problems } = await checkPackage(archive);
    // Only ES modules: `require()` loads them on every supported Node.
    assert.deepEqual(
      problems.filter(({ kind }) => kind !== 'CJSResolvesToESM').map(({ trace, ...problem }) => problem),
      [],
    );
  });

  test('the main entry exports exactly what its types declare', async () => {
    const names = await evaluate("console.log(JSON.stringify(Object.keys(await import('mcp-tether')).sort()))");
    assert.deepEqual(names, ['McpError', 'McpManager', 'McpSession', 'default']);
  });

  test('every member declared in the types exists', async () => {
    const types = await readFile(join(workspace, 'pkg/index.d.ts'), 'utf8');
    for (const name of ['McpManager', 'McpSession']) {
      const [, body] = types.match(new RegExp(`export class ${name} \\{\\n(.*?)\\n\\}`, 's'));
      const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?:(<]/gm)].map(([, member]) => member);
      assert.ok(members.length > 10);
      const missing = await evaluate(`
        import { ${name} } from 'mcp-tether';
        console.log(JSON.stringify(${JSON.stringify(members)}.filter((member) => !(member in ${name}.prototype))));
      `);
      assert.deepEqual(missing, [], name);
    }
  });

  test('the slim entry loads nothing until it gets the module', async () => {
    const report = await evaluate(`
      import { readFileSync } from 'node:fs';
      import { fileURLToPath } from 'node:url';
      import { initSync, McpManager } from 'mcp-tether/slim';
      let before;
      try { new McpManager({ mcpServers: {} }); } catch (error) { before = error.code + ': ' + error.message; }
      initSync(readFileSync(fileURLToPath(import.meta.resolve('mcp-tether/wasm'))));
      console.log(JSON.stringify({ before, stats: new McpManager({ mcpServers: {} }).getSessionStats() }));
    `);
    assert.deepEqual(report, {
      before: 'config_error: the WebAssembly module is not loaded: await init() before new McpManager()',
      stats: { totalUsers: 0, totalSessions: 0, activeSessions: 0 },
    });
  });

  test('a failed load can be retried', async () => {
    const report = await evaluate(`
      import { readFileSync } from 'node:fs';
      import { fileURLToPath } from 'node:url';
      import init, { McpManager } from 'mcp-tether/slim';
      const failed = await init(new Uint8Array([1, 2, 3])).catch((error) => [error.name, error.code, error.cause.name].join());
      const bytes = readFileSync(fileURLToPath(import.meta.resolve('mcp-tether/wasm')));
      await Promise.all([init(bytes), init(bytes), init()]);
      console.log(JSON.stringify({ failed, users: new McpManager({ mcpServers: {} }).getSessionStats().totalUsers }));
    `);
    assert.deepEqual(report, { failed: 'McpError,config_error,CompileError', users: 0 });
  });

  for (const [what, script] of [
    ['constructor', "function mine() { new McpManager({ mcpServers: { s: { ulr: 'x' } } }); }"],
    ['connect()', "async function mine() { await new McpManager({ mcpServers: {} }).connect('ada', 's'); }"],
    ['a call that the server refuses', called("{ name: 'divide', arguments: 'x' }")],
    ['a call with a wrong argument', called('5')],
    ['a call after close()', called("{ name: 'echo' }", 'await manager.close();')],
  ])
    test(`an uncaught error of ${what} shows the application's code, and nothing of ours`, async () => {
      const ran = run(
        process.execPath,
        ['--input-type=module', '--eval', `import { McpManager } from 'mcp-tether';\n${script}\nawait mine();`],
        { cwd: installed.project, env: { ...process.env, SERVER: server.url } },
      );
      const { stderr } = await ran.catch((error) => error);
      // Node's own is the one that runs promises' reactions.
      const frames = stderr.split('\n').filter((line) => /^ {4}at (?!.*\(node:)/.test(line));
      assert.match(frames[0], /^ {4}at (async )?mine /, stderr);
      assert.doesNotMatch(stderr, /wasm|core\.js/);
      assert.ok(Math.max(...stderr.split('\n').map((line) => line.length)) < 200, stderr);
    });

  test('`log: false` prints nothing', async () => {
    const { stdout, stderr } = await run(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { McpManager } from 'mcp-tether';
        for (const log of [undefined, false]) {
          console.warn('log:', log);
          const unset = { fetch: undefined, auth: undefined, credentials: undefined };
          new McpManager({ mcpServers: { db: { url: 'https://db.example', ...unset } } }, { log, colour: 'red' });
        }`,
      ],
      { cwd: installed.project },
    );
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      'log: undefined\n[MCP] options.colour: is not a known setting; ignored\nlog: false\n',
      'the console is the default',
    );
  });

  test('the package.json can be imported, and names the licence', async () => {
    const { license } = JSON.parse(
      await readFile(join(installed.project, 'node_modules/mcp-tether/package.json'), 'utf8'),
    );
    assert.equal(license, 'MIT OR Apache-2.0');
    assert.match(
      await evaluate("console.log(JSON.stringify(import.meta.resolve('mcp-tether/package.json')))"),
      /mcp-tether\/package\.json$/,
    );
  });

  describe('yaml', () => {
    before(async () => {
      await cp(join(workspace, 'node_modules/yaml'), join(installed.project, 'node_modules/yaml'), { recursive: true });
    });

    const parse = (text) =>
      evaluate(`
      import { McpError } from 'mcp-tether';
      import { parseConfig } from 'mcp-tether/yaml';
      try {
        console.log(JSON.stringify(parseConfig(${JSON.stringify(text)})));
      } catch (error) {
        console.log(JSON.stringify({ ours: error instanceof McpError, code: error.code, message: error.message }));
      }
    `);

    test('returns the servers and ignores the rest of the file', async () => {
      const config = await parse(`
version: 1.2.1
mcpServers:
  files:
    type: streamable-http
    url: "\${FILES_URL}"
    headers:
      X-User: "{{USER_ID}}"
    sessionConfig: { timeout: 3600000, retryAttempts: 3 }
`);
      assert.deepEqual(config, {
        mcpServers: {
          files: {
            type: 'streamable-http',
            url: '${FILES_URL}',
            headers: { 'X-User': '{{USER_ID}}' },
            sessionConfig: { timeout: 3_600_000, retryAttempts: 3 },
          },
        },
      });
    });

    for (const [what, text] of Object.entries({
      'no YAML': 'a: [1',
      'an empty file': '',
      'a list': '- 1',
      'a file without servers': 'version: 1',
    })) {
      test(`${what} is a config_error`, async () => {
        const { ours, code } = await parse(text);
        assert.ok(ours);
        assert.equal(code, 'config_error');
      });
    }
  });
});

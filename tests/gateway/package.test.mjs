// The package mcp-tether-gateway: its command and its contents.
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publint } from 'publint';
import { makeProject } from '../js/helpers/snippets/project.mjs';
import { startReferenceServer } from '../js/servers/proxy/reference-server.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { clients, textOf } from './clients.mjs';
import { packed, root, run, startDev } from './package-project.mjs';

const read = (path) => readFile(join(root, path), 'utf8');
const connect = clients['the official client v2'];
let project;
before(async () => {
  project = await packed();
});
after(() => project?.remove());

const cli = (args, options) => run(process.execPath, [project.cli, ...args], options);

async function emptyFolder(name) {
  const folder = join(project.folder, name);
  await mkdir(folder);
  return folder;
}

describe('the package', () => {
  test('has the Worker, the command, types, licences and a template without leftovers', () => {
    const names = project.files.map((name) => name.replace(/_bg-\w+\.wasm$/, '.wasm')).sort();
    assert.deepEqual(names, [
      'LICENSE-APACHE',
      'LICENSE-MIT',
      'README.md',
      'THIRD-PARTY-NOTICES',
      'cli.js',
      'dist/index.js',
      'dist/mcp_tether.wasm',
      'index.d.ts',
      'package.json',
      'template/.dev.vars.example',
      'template/README.md',
      'template/gitignore',
      'template/package.json',
      'template/src/index.ts',
      'template/test/gateway.test.ts',
      'template/test/server.ts',
      'template/tsconfig.json',
      'template/vitest.config.ts',
      'template/wrangler.jsonc',
    ]);
  });

  test('publint reports nothing', async () => {
    const { messages } = await publint({ pkgDir: join(root, 'pkg-gateway'), strict: true });
    assert.deepEqual(messages, []);
  });

  test('has the version of the release, which the template asks for', async () => {
    const { version } = JSON.parse(await read('npm/package.json'));
    const manifest = JSON.parse(await read('pkg-gateway/package.json'));
    assert.equal(manifest.version, version);
    assert.deepEqual(manifest.dependencies, {
      miniflare: JSON.parse(await read('package.json')).devDependencies.miniflare,
    });
    const template = JSON.parse(await read('gateway/template/package.json'));
    assert.equal(template.dependencies['mcp-tether-gateway'], `^${version}`);
  });

  test('types every setting of the README, and reads it from the environment', async () => {
    const table = (await read('gateway/README.md')).split('## Settings')[1].split('\n## ')[0];
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    const names = rows.flatMap((line) => [...line.split(' | ')[0].matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));
    assert.ok(names.length > 20);
    const types = await read('gateway/package/index.d.ts');
    const config = await read('gateway/package/config.mjs');
    for (const name of names) {
      assert.match(types, new RegExp(`^ {2}${name}\\??: `, 'm'), `index.d.ts: ${name}`);
      if (name !== 'MCP_SERVERS') assert.match(config, new RegExp(`^ {2}'${name}',$`, 'm'), `config.mjs: ${name}`);
    }
  });
});

test('the types have each member that the gateway reads of a server’s auth', async () => {
  const source = (await read('gateway/oauth/settings.js')).split('const members = {')[1].split('\n};')[0];
  const names = [...source.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
  assert.ok(names.length > 10);
  const types = (await read('gateway/package/index.d.ts')).split('  auth?: {')[1].split('\n  };')[0];
  for (const name of names) assert.match(types, new RegExp(`^ {4}${name}\\??: `, 'm'), name);
});

describe('the command', () => {
  test('prints its version and its usage', async () => {
    const { version } = JSON.parse(await read('npm/package.json'));
    assert.equal((await cli(['--version'])).stdout, `${version}\n`);
    assert.match((await cli(['--help'])).stdout, /^usage: mcp-tether-gateway dev /);
  });

  for (const [args, complaint] of [
    [[], /say what to do: dev, init or drain/],
    [['serve'], /unknown command: serve/],
    [['dev', 'more'], /unexpected argument of dev: more/],
    [['dev', '--ports', '1'], /--ports/],
    [['dev', '--port', '70000'], /--port: must be a number from 0 to 65535/],
    [['init', '--port', '1'], /init takes no --port/],
    [['dev', '--undo'], /dev takes no --undo/],
    [['drain'], /drain needs --gateway/],
    [['drain', '--gateway', 'mcp.example.com'], /--gateway: must be the URL/],
    [['drain', '--gateway', 'http://mcp.example.com', '--undo'], /--undo: say which server/],
    [['drain', 'a', 'b', 'c'], /unexpected argument of drain: c/],
  ])
    test(`refuses: ${args.join(' ') || 'nothing'}`, async () => {
      const { code, stderr } = await cli(args);
      assert.equal(code, 2);
      assert.match(stderr, complaint);
      assert.match(stderr, /usage: /);
    });

  for (const [title, text, complaint] of [
    ['no file', undefined, /mcp\.json: there is no such file.*"mcpServers": \{/s],
    ['no JSON', '{', /mcp\.json: is not JSON: /],
    ["VS Code's format", '{"servers":{}}', /rename it to "mcpServers"/],
    ['nothing', '{}', /has no object "mcpServers"/],
    ['no server', '{"mcpServers":{}}', /mcpServers is empty/],
    ['a program', '{"mcpServers":{"files":{"command":"npx"}}}', /mcpServers\.files: is a program to start/],
    ['no URL', '{"mcpServers":{"files":{}}}', /mcpServers\.files\.url/],
    ['an unset variable', '{"mcpServers":{"a":{"url":"https://a.example/${NOT_SET}"}}}', /NOT_SET/],
  ])
    test(`says what is wrong with ${title}`, async () => {
      const cwd = await emptyFolder(`config with ${title}`);
      if (text !== undefined) await writeFile(join(cwd, 'mcp.json'), text);
      const { code, stderr } = await cli(['dev', '--port', '0'], { cwd });
      assert.equal(code, 1);
      assert.match(stderr, complaint);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });

  test('names a port that is in use', async () => {
    const cwd = await emptyFolder('port');
    await writeFile(join(cwd, 'mcp.json'), '{"mcpServers":{"a":{"url":"https://a.example/mcp"}}}');
    const other = await listen(createServer().listeners('request')[0] ?? (() => {}));
    const { port } = new URL(other.origin);
    const { code, stderr } = await cli(['dev', '--port', port], { cwd });
    await other.close();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`port ${port} is in use: choose another one with --port`));
  });
});

describe('dev', () => {
  let reference;
  before(async () => {
    reference = await startReferenceServer();
  });
  after(() => reference?.close());

  const config = (names) =>
    JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { url: '${SERVER_URL}' }])) });

  async function started(t, name, options) {
    const cwd = await emptyFolder(name);
    await writeFile(join(cwd, 'mcp.json'), config(['everything']));
    const env = { SERVER_URL: reference.url };
    const gateway = await startDev(project.cli, { cwd, env, ...options });
    t.after(gateway.stop);
    return { cwd, env, gateway };
  }

  test('an official client calls a tool with what is printed, and its session survives a restart', async (t) => {
    const { cwd, env, gateway } = await started(t, 'restart');
    const { origin, token } = gateway;
    assert.equal(gateway.stderr(), '', 'the first thing to read is the address, and no line of the log');
    assert.match(gateway.stdout(), new RegExp(`claude mcp add --transport http everything ${origin}/everything/mcp`));
    const client = await connect(`${origin}/everything/mcp`, { token });
    assert.equal(textOf(await client.call('echo', { message: 'one' })), 'Echo: one');
    await gateway.stop();

    const again = await startDev(project.cli, { cwd, env, args: ['--port', new URL(origin).port] });
    t.after(again.stop);
    assert.equal(again.token, token);
    assert.equal(textOf(await client.call('echo', { message: 'two' })), 'Echo: two');
    await client.end();
    assert.equal((await stat(join(cwd, '.mcp-tether-gateway/tokens.json'))).mode & 0o777, 0o600);
    assert.equal(await readFile(join(cwd, '.mcp-tether-gateway/.gitignore'), 'utf8'), '*\n');
  });

  test('the program of the package’s README calls a tool', async (t) => {
    const { gateway } = await started(t, 'program');
    const [, program] = /^```js\n([\s\S]*?)^```$/m.exec(await read('gateway/package/README.md'));
    const here = program
      .replace('http://127.0.0.1:8788/docs/mcp', `${gateway.origin}/everything/mcp`)
      .replace(
        /name: 'search_cloudflare_documentation', arguments: .*? }/,
        "name: 'echo', arguments: { message: 'hello' }",
      );
    const programs = await makeProject();
    t.after(programs.remove);
    await programs.write('call.mjs', here);
    const env = { ...process.env, MCP_TOKEN: gateway.token };
    const { code, stdout, stderr } = await run(process.execPath, ['call.mjs'], { cwd: programs.folder, env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /'echo'[\s\S]*Echo: hello/);
  });

  test('takes over a changed file, and goes on with the old one if the new one is wrong', async (t) => {
    const { cwd, gateway } = await started(t, 'change');
    const { origin, token } = gateway;
    const client = await connect(`${origin}/everything/mcp`, { token });
    await writeFile(join(cwd, 'mcp.json'), config(['everything', 'more']));
    await gateway.printed(/has changed/);
    const more = await connect(`${origin}/more/mcp`, { token });
    assert.equal(textOf(await more.call('echo', { message: 'more' })), 'Echo: more');

    let wrong = 0;
    const goesOn = (times) => new RegExp(`(The servers are the same as before.*){${times}}`, 's');
    for (const [text, complaint] of [
      ['{', /is not JSON/],
      ['{"mcpServers":{"everything":{}}}', /everything\.url/],
    ]) {
      await writeFile(join(cwd, 'mcp.json'), text);
      await gateway.printed(complaint);
      await gateway.printed(goesOn(++wrong));
      assert.equal(textOf(await more.call('echo', { message: 'still' })), 'Echo: still');
    }
    await client.end();
    await more.end();
  });

  test('keeps its port while a changed file restarts workerd: clients wait, and none is refused', async (t) => {
    const { cwd, gateway } = await started(t, 'port kept');
    let isOver = false;
    const seen = new Set();
    const asking = (async () => {
      while (!isOver)
        await fetch(`${gateway.origin}/healthz`).then(
          ({ status }) => seen.add(status),
          ({ cause }) => seen.add(cause.code), // one under way when workerd ends
        );
    })();
    try {
      await writeFile(join(cwd, 'mcp.json'), config(['everything', 'more']));
      await gateway.printed(/has changed/);
    } finally {
      isOver = true;
      await asking;
    }
    assert.ok(seen.has(200) && !seen.has('ECONNREFUSED'), [...seen].join());
    const { status } = await fetch(`${gateway.origin}/more/mcp`, { method: 'POST' });
    assert.equal(status, 401);
  });

  test('gets its settings from the environment', async (t) => {
    const { gateway } = await started(t, 'settings', {
      env: { SERVER_URL: reference.url, AUTH: 'none', UNRELATED: 'value' },
    });
    assert.equal(gateway.token, undefined);
    const page = await (await fetch(`${gateway.origin}/`, { headers: { accept: 'text/html' } })).text();
    assert.match(page, /<option>everything<\/option>/);
  });
});

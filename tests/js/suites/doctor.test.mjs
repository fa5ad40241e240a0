// The command of the packed package, installed into an empty project and run as a user would.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { installPackage } from '../helpers/package/install.mjs';
import { goodRules, startCorsGate } from '../servers/cors-gate.mjs';
import { startReferenceServer } from '../servers/proxy/reference-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { findFreePort, listen } from '../servers/shared/listen.mjs';

const controlSequence = '\u001b[';
let installed;
let server;

before(async () => {
  [installed, server] = await Promise.all([installPackage(), startSdkServer()]);
});

after(() => Promise.all([installed?.remove(), server?.close()]));

/** @returns {Promise<{ code: number, stdout: string, stderr: string }>} */
function doctor(words, { env = {} } = {}) {
  const command = join(installed.project, 'node_modules/.bin/mcp-tether');
  return new Promise((resolve) => {
    const child = execFile(
      command,
      words,
      { cwd: installed.project, env: { PATH: process.env.PATH, ...env }, timeout: 60_000 },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

describe('mcp-tether doctor', () => {
  test('a healthy server: exit code 0, and one line a step', async () => {
    const { code, stdout, stderr } = await doctor(['doctor', server.url, '--origin', 'https://app.example']);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(
      [...stdout.matchAll(/^✓ (\w+) /gm)].map(([, name]) => name),
      ['reachable', 'initialize', 'sessionHeader', 'reuse', 'terminate', 'cors'],
    );
    assert.match(stdout, /^All checks passed \(stateful, 2025-11-25\)$/m);
    assert.ok(!stdout.includes(controlSequence), 'no colours outside of a terminal');
    assert.equal(stderr, '');
  });

  test('the official reference server can be used, and there is advice: exit code 0', async (context) => {
    const reference = await startReferenceServer();
    context.after(reference.close);
    const { code, stdout } = await doctor(['doctor', reference.url, '--origin', 'https://app.example']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^! terminate .*\n +→ Answer 404 to the id of an ended session/m);
    assert.match(stdout, /^The server can be used, and can be improved \(stateful, 2025-11-25\)$/m);
  });

  test('the one thing to fix comes last, in the words of the doctor page, with a link to the code', async (context) => {
    const gate = await startCorsGate(new URL(server.url).origin);
    context.after(gate.close);
    gate.rules = { ...goodRules, exposeHeaders: [], allowMethods: ['GET', 'POST'] };
    const { code, stdout } = await doctor(['doctor', `${gate.origin}/mcp`, '--origin', 'https://app.example']);
    assert.equal(code, 1);
    assert.deepEqual(stdout.trimEnd().split('\n').slice(-3), [
      '1 check failed (stateful, 2025-11-25)',
      'Fix this first: Access-Control-Allow-Methods lacks DELETE: add it to the response to OPTIONS.',
      'Code for Express, Starlette, Hono, nginx and Workers: https://github.com/mcp-tether/mcp-tether/blob/main/docs/fixes.md#cors',
    ]);
    const document = await readFile(new URL('../../../docs/fixes.md', import.meta.url), 'utf8');
    assert.ok(document.includes('<a id="cors"></a>'), 'the link leads somewhere');
  });

  test('without an origin CORS is not checked, and the output says so', async () => {
    const { code, stdout } = await doctor(['doctor', server.url]);
    assert.equal(code, 0);
    assert.match(stdout, /^– cors .*not checked/m);
  });

  test('a server that is down: exit code 1, and the fix', async () => {
    const port = await findFreePort();
    const { code, stdout } = await doctor(['doctor', `http://127.0.0.1:${port}/mcp`]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      new RegExp(
        `^✗ reachable .*was refused: no server listens there\n +→ Start the server, or correct the host and port in the URL: 127\\.0\\.0\\.1:${port}`,
        'm',
      ),
    );
    assert.match(stdout, /^1 check failed$/m);
  });

  test('--json prints the diagnosis', async () => {
    const { code, stdout } = await doctor(['doctor', server.url, '--json']);
    const diagnosis = JSON.parse(stdout);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(diagnosis), ['ok', 'kind', 'protocolVersion', 'steps']);
    assert.equal(diagnosis.ok, true);
  });

  test('--header is sent, and never printed', async (context) => {
    const seen = [];
    const strangers = [];
    const echo = await listen((request, response) => {
      // Metadata of logins is public: it is asked for without the user's headers.
      const list = request.url.includes('/.well-known/') ? strangers : seen;
      list.push(request.headers.authorization, request.headers['x-key']);
      response
        .writeHead(401, { 'WWW-Authenticate': `Bearer error="${request.headers.authorization}"` })
        .end(`not ${request.headers['x-key']}`);
    });
    context.after(echo.close);
    const words = [
      'doctor',
      `${echo.origin}/mcp?key=s3cret-in-url`,
      '--header',
      'Authorization: Bearer s3cret-token',
      '--header',
      'X-Key: s3cret-key',
      '--timeout',
      '2000',
    ];
    for (const more of [[], ['--json']]) {
      const { code, stdout, stderr } = await doctor([...words, ...more]);
      assert.equal(code, 1);
      assert.ok(!/s3cret/.test(stdout + stderr), stdout + stderr);
      assert.match(stdout, /Renew the credentials/);
    }
    assert.deepEqual(new Set(seen), new Set(['Bearer s3cret-token', 's3cret-key']));
    assert.deepEqual(new Set(strangers), new Set([undefined]));
  });

  test('--help: 0', async () => {
    const { code, stdout } = await doctor(['--help']);
    assert.equal(code, 0);
    for (const option of ['--header', '--origin', '--timeout', '--json', '--version', '--help'])
      assert.ok(stdout.includes(option), option);
  });

  for (const [name, words, complaint] of [
    ['nothing', [], 'a command is missing: use doctor'],
    ['another command', ['nurse', 'http://localhost/'], 'unknown command: the only command is doctor'],
    ['no address', ['doctor'], 'the URL of the MCP endpoint is missing'],
    ['two addresses', ['doctor', 'http://a/', 'http://b/'], 'too many arguments: pass one URL'],
    ['no URL', ['doctor', 'localhost'], 'invalid URL: write it in full, with https://'],
    ['another scheme', ['doctor', 'ftp://localhost/'], 'the URL must begin with http:// or https://'],
    [
      'credentials in the address',
      ['doctor', 'http://ada:s3cret@localhost/'],
      'the URL must not contain credentials: pass them with --header',
    ],
    ['an unknown option', ['doctor', 'http://localhost/', '--loud'], 'unknown option --loud'],
    [
      'an option without a value',
      ['doctor', 'http://localhost/', '--header'],
      'an option has no value or an invalid one',
    ],
    [
      'half a header',
      ['doctor', 'http://localhost/', '--header', 'X: y', '--header', 's3cret'],
      "--header number 2 must have the form 'Name: value'",
    ],
    [
      'a header with a line break',
      ['doctor', 'http://localhost/', '--header', 'X: s3cret\r\nY: z'],
      "--header number 1 must have the form 'Name: value'",
    ],
    [
      "the protocol's own header",
      ['doctor', 'http://localhost/', '--header', 'Mcp-Session-Id: s3cret'],
      'the header Mcp-Session-Id is set by the doctor itself',
    ],
    [
      'no time',
      ['doctor', 'http://localhost/', '--timeout', 'soon'],
      '--timeout must be a number of milliseconds greater than 0',
    ],
    [
      'no origin',
      ['doctor', 'http://localhost/', '--origin', 'app.example'],
      '--origin must be an origin like https://app.example',
    ],
  ]) {
    test(`${name}: 2`, async () => {
      const { code, stdout, stderr } = await doctor(words);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.equal(stderr.split('\n')[0], `mcp-tether: ${complaint}`);
      assert.match(stderr, /usage: mcp-tether doctor <url>/);
      assert.ok(!stderr.includes('s3cret'));
    });
  }

  describe('in a terminal', () => {
    // script(1) of util-linux provides a terminal.
    const inTerminal = (env) =>
      new Promise((resolve) => {
        const command = `'${join(installed.project, 'node_modules/.bin/mcp-tether')}' doctor ${server.url}`;
        execFile(
          'script',
          ['-qec', command, '/dev/null'],
          { env: { PATH: process.env.PATH, TERM: 'xterm', ...env }, timeout: 60_000 },
          (_error, stdout) => resolve(stdout),
        );
      });

    test('there are colours', async () => {
      const stdout = await inTerminal({});
      assert.ok(stdout.includes(`${controlSequence}32m✓`), stdout);
    });

    test('NO_COLOR is respected', async () => {
      const stdout = await inTerminal({ NO_COLOR: '1' });
      assert.ok(stdout.includes('✓ reachable') && !stdout.includes(controlSequence), stdout);
    });
  });
});

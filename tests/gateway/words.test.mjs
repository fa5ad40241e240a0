// What errors say to those who use a gateway: settings of the gateway, and nothing of the package's JavaScript interface.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { gatewayWords } from '../../gateway/words.js';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack } from './stack.mjs';

/** Names of the interface: of functions, options, limits, and of what the application does. */
const INTERFACE = /\w\(\)|\boptions?\b|\blimits\.|\bmanager\b|\bapplication\b(?!\/)|\buserId\b|docs\//;

// Words of the module that no gateway says, and why.
const unreachable = {
  'limits.maxUsers': 'a manager of the gateway has one user',
  'limits.maxSessionsPerUser': 'and one session',
  'see diagnose()': 'only a page meets CORS',
  'userId: required': 'the gateway always gives one',
  'must have a method token()': 'its logins have one',
  'must have the methods get(), set() and delete()': 'its storage has them',
  'initialize is sent by connect() alone': 'the class Client is not used',
  'options.headers.': 'it gives none to connect',
  'options.auth': 'its logins are valid',
  'options.': 'its options are valid',
};

/** The text literals of a source file that are sentences; its tests are left out. */
function literalsIn(source) {
  const [code] = source.split('#[cfg(test)]\nmod ');
  const lines = code.split('\n').filter((line) => !/^\s*(\/\/|#)/.test(line));
  const texts = lines.flatMap((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text));
  return texts.filter((text) => / |^\w+\.$/.test(text));
}

/** Those of the module's source. */
async function sentences() {
  const found = [];
  for (const folder of ['core', 'web']) {
    const root = new URL(`../../src/${folder}/`, import.meta.url);
    const files = (await readdir(root, { recursive: true })).filter((file) => /\.rs$/.test(file));
    for (const file of files.filter((name) => !/tests?(\/|\.rs|_)/.test(name)))
      found.push(...literalsIn(await readFile(new URL(file, root), 'utf8')));
  }
  return found;
}

test('every sentence of the module that names its interface has other words here, or is never said', async () => {
  const all = await sentences();
  assert.ok(all.length > 100);
  const isSaid = (text) => !Object.keys(unreachable).some((words) => text.includes(words));
  const left = all.filter((text) => INTERFACE.test(gatewayWords(text)) && isSaid(text));
  assert.deepEqual(left, []);
});

describe('an error', () => {
  let server;
  let modern;
  let stack;
  before(async () => {
    server = await startScriptedSessions();
    modern = await startModernServer();
    const headers = { 'X-Team': '{{team}}' };
    stack = await startStack({
      server: false,
      servers: {
        scripted: { url: server.url },
        teams: { url: server.url, headers },
        modern: { url: modern.url, headers },
      },
      vars: { BEARER_TOKENS: { ada: 'token-of-ada', '': 'token-without-a-name' } },
    });
  });
  after(async () => {
    await stack?.stop();
    await modern?.close();
    await server?.close();
  });

  const at = (name, token) => sender(`${stack.origin}/${name}/mcp`, token);
  const errorOf = async (response) => (await messageOf(response)).error;
  const opened = (name, params, token) => {
    const { send, rpc } = at(name, token);
    return send('POST', { body: rpc('initialize', { ...initializeParams, ...params }) }).then(errorOf);
  };

  test('about a value that a user lacks names the setting, in both eras', async () => {
    const { send, rpc } = at('modern');
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'words', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/list' };
    for (const error of [
      await opened('teams'),
      await send('POST', { headers, body: rpc('tools/list', { _meta: meta }) }).then(errorOf),
    ]) {
      assert.match(error.message, /needs a value for \{\{team\}\}: .*BEARER_TOKENS/);
      assert.doesNotMatch(error.message, INTERFACE);
    }
    assert.ok(!stack.lines.some((line) => line.includes('connect()')));
  });

  for (const [name, params] of Object.entries({
    clientInfo: { clientInfo: { name: 7, version: '1' } },
    'clientInfo.version': { clientInfo: { name: 'x' } },
    capabilities: { capabilities: [] },
  }))
    test(`about the ${name} of an initialize names its params`, async () => {
      const { message } = await opened('scripted', params);
      assert.match(message, new RegExp(`^params\\.${name}`));
      assert.doesNotMatch(message, INTERFACE);
    });

  test('about a user without a name names the setting', async () => {
    assert.match((await opened('scripted', {}, 'token-without-a-name')).message, /BEARER_TOKENS/);
  });

  test('about a response that is too large says what too large is', async () => {
    server.act = (message, response) => {
      if (message.method !== 'tools/call') return false;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { text: 'x'.repeat(17 * 1024 * 1024) } }));
      return true;
    };
    const ada = at('scripted');
    const error = await ada.call(await ada.open(), 'echo').then(errorOf);
    assert.match(error.message, /larger than 16 MiB/);
    assert.doesNotMatch(JSON.stringify(error), /limits\./);
  });
});

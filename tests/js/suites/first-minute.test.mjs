// What a newcomer gets wrong in the first minute: each mistake has one clear error, and nothing is lost without a word.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withCookies } from '../../../pkg/cookies.js';
import { watchLists } from '../../../pkg/lists.js';
import { McpError, McpManager } from '../../../pkg/node.js';
import { TetherMcpServer } from '../../../pkg/openai-agents.js';
import { attachToPage } from '../../../pkg/page.js';
import { snapshotOf, watchSession } from '../../../pkg/snapshot.js';
import { chromeStorage, durableObjectStorage, webStorage } from '../../../pkg/storage.js';
import { startSdkServer } from '../servers/sdk-server.mjs';

const url = 'http://127.0.0.1:9/mcp';
const of = (server) => ({ mcpServers: { n: server } });
const shape = 'config: must be an object { mcpServers: { name: { url } } }';
const unknown = (name) => `${name}: is not a known setting; ignored`;
const noUrl = (name) => `mcpServers.n.url: is missing\n${unknown(`mcpServers.n.${name}`)}`;
const plain = (path) => `${path}: must be a plain object`;
const isText = (path) => `${path}: must be a string`;
const variable = 'mcpServers.n.headers.A: has a ${ without a valid name: write ${NAME}';
const stdio =
  'mcpServers.n.command: cannot be run from here: put the server behind HTTP and give its url, see docs/toolchains.md#stdio';
const scheme = 'mcpServers.n.url: must start with http:// or https:// and name a host';
const type = "mcpServers.n.type: must be 'streamable-http', 'http' or 'sse'";
const headers = { Authorization: 'Bearer x' };

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const deep = (levels) => {
  const outermost = {};
  for (let level = 0, at = outermost; level < levels; level++, at = at.in) at.in = {};
  return outermost;
};
const cyclic = {};
cyclic.itself = cyclic;
class Arguments {
  message = 'hello';
}

/** What is passed to `new McpManager`, and the whole message of its `config_error`. */
const configurations = {
  nothing: [[], shape],
  null: [[null], shape],
  'the URL alone': [[url], shape],
  'a text of JSON': [[JSON.stringify(of({ url }))], shape],
  'an array of servers': [[[{ name: 'n', url }]], shape],
  'a promise': [[Promise.resolve(of({ url }))], shape],
  'a `Map`': [[new Map(Object.entries(of({ url })))], shape],
  'one server': [[{ url }], `${shape}\n${unknown('url')}`],
  'servers without `mcpServers`': [[{ n: { url } }], `${shape}\n${unknown('n')}`],
  'a file of VS Code': [[{ servers: { n: { type: 'http', url } } }], `${shape}\n${unknown('servers')}`],
  'a file of Zed': [[{ context_servers: { n: { url } } }], `${shape}\n${unknown('context_servers')}`],
  'a file of OpenCode': [[{ mcp: { n: { type: 'remote', url } } }], `${shape}\n${unknown('mcp')}`],
  'a list in `mcpServers`': [[{ mcpServers: [{ name: 'n', url }] }], plain('mcpServers')],
  'a `Map` in `mcpServers`': [[{ mcpServers: new Map([['n', { url }]]) }], plain('mcpServers')],
  'the URL instead of the server': [[of(url)], plain('mcpServers.n')],
  'a `URL` instead of the server': [[of(new URL(url))], plain('mcpServers.n')],
  'a server that is null': [[of(null)], 'mcpServers.n: is missing'],
  'a server of Windsurf': [[of({ serverUrl: url })], noUrl('serverUrl')],
  'a server of Gemini': [[of({ httpUrl: url })], noUrl('httpUrl')],
  'a server of Cline': [[of({ type: 'streamableHttp', url })], type],
  'a server of Claude Desktop': [[of({ command: 'npx', args: ['server'], env: {} })], stdio],
  '`type: stdio`': [[of({ type: 'stdio', command: 'npx' })], stdio],
  'no scheme': [[of({ url: '127.0.0.1:3000/mcp' })], scheme],
  'localhost without a scheme': [[of({ url: 'localhost:3000/mcp' })], scheme],
  'a path': [[of({ url: '/mcp' })], scheme],
  'a WebSocket': [[of({ url: 'ws://127.0.0.1/mcp' })], scheme],
  'a `URL` as the url': [[of({ url: new URL(url) })], isText('mcpServers.n.url')],
  'a line break after the url': [
    [of({ url: `${url}\n` })],
    'mcpServers.n.url: has a space, a backslash or a control character',
  ],
  'a placeholder of VS Code': [[of({ url, headers: { A: 'Bearer ${input:token}' } })], variable],
  'a placeholder of Cursor': [[of({ url, headers: { A: 'Bearer ${env:TOKEN}' } })], variable],
  'a placeholder with a default': [[of({ url, headers: { A: 'Bearer ${TOKEN:-none}' } })], variable],
  'a variable that is not set': [
    [of({ url, headers: { A: '${NONE}' } }), { env: {} }],
    'mcpServers.n.headers.A: needs the environment variable NONE, which is not set',
  ],
  '`Headers`': [[of({ url, headers: new Headers(headers) })], plain('mcpServers.n.headers')],
  'a `Map` of headers': [[of({ url, headers: new Map(Object.entries(headers)) })], plain('mcpServers.n.headers')],
  'pairs of headers': [[of({ url, headers: Object.entries(headers) })], plain('mcpServers.n.headers')],
  'headers that are not awaited': [[of({ url, headers: Promise.resolve(headers) })], plain('mcpServers.n.headers')],
  '`Headers` beside a `fetch`': [[of({ url, fetch, headers: new Headers(headers) })], plain('mcpServers.n.headers')],
  'a text of headers beside a `fetch`': [[of({ url, fetch, headers: 'A: b' })], plain('mcpServers.n.headers')],
  'a header that is a number': [[of({ url, headers: { A: 7 } })], isText('mcpServers.n.headers.A')],
  'a timeout with a unit': [
    [of({ url, timeout: '60s' })],
    'mcpServers.n.timeout: must be a whole number of milliseconds, 1 or more',
  ],
  '`credentials` of axios': [
    [of({ url, credentials: true })],
    'mcpServers.n.credentials: must be one of omit, same-origin, include',
  ],
  'a text as the options': [[of({ url }), 'debug'], plain('options')],
  'a number as the options': [[of({ url }), 5], plain('options')],
  'a function as the options': [[of({ url }), () => {}], plain('options')],
  'an array as the options': [[of({ url }), [1]], plain('options')],
  'a `Map` as the environment': [[of({ url }), { env: new Map() }], plain('options.env')],
  'the console as the log': [[of({ url }), { log: console }], 'options.log: must be a function'],
  '`localStorage` as the storage': [
    [of({ url }), { storage: { getItem() {}, setItem() {}, removeItem() {} } }],
    'options.storage: must have the methods get(), set() and delete()',
  ],
  'a client without a version': [[of({ url }), { clientInfo: { name: 'app' } }], isText('options.clientInfo.version')],
};

/** What is called, with a session and its manager, and the whole message of the `config_error`. */
const calls = {
  'connect without a user': [(_session, manager) => manager.connect(undefined, 'n'), isText('userId')],
  'connect with a number': [(_session, manager) => manager.connect(7, 'n'), isText('userId')],
  'connect with the server alone': [(_session, manager) => manager.connect('n'), isText('serverName')],
  'connect with both in the wrong order': [
    (_session, manager) => manager.connect('n', 'ada'),
    'mcpServers has no server of this name; configured: n',
  ],
  'connect with `Headers`': [
    (_session, manager) => manager.connect('bob', 'n', { headers: new Headers(headers) }),
    plain('options.headers'),
  ],
  'connect with a `Map` of vars': [
    (_session, manager) => manager.connect('bob', 'n', { vars: new Map([['token', 'x']]) }),
    plain('options.vars'),
  ],
  'connect with an array': [(_session, manager) => manager.connect('bob', 'n', []), plain('options')],
  'connect with a token as `auth`': [
    (_session, manager) => manager.connect('bob', 'n', { auth: 'Bearer x' }),
    'options.auth: must have a method token()',
  ],
  'connect with a controller as the signal': [
    (_session, manager) => manager.connect('bob', 'n', { signal: new AbortController() }),
    'options.signal: must be an AbortSignal',
  ],
  'callTool without a tool': [(session) => session.callTool(), isText('params.name')],
  'callTool with a name and arguments': [
    (session) => session.callTool('echo', { message: 'x' }),
    isText('params.name'),
  ],
  'callTool with `toolName`': [(session) => session.callTool({ toolName: 'echo' }), isText('params.name')],
  'arguments in an array': [(session) => echo(session, ['x']), plain('params.arguments')],
  'arguments as a text of JSON': [(session) => echo(session, '{"message":"x"}'), plain('params.arguments')],
  'arguments in a `Map`': [(session) => echo(session, new Map([['message', 'x']])), plain('params.arguments')],
  'arguments in a `FormData`': [(session) => echo(session, new FormData()), plain('params.arguments')],
  'arguments that are not awaited': [
    (session) => echo(session, Promise.resolve({ message: 'x' })),
    plain('params.arguments'),
  ],
  'a function as the arguments': [(session) => echo(session, () => {}), plain('params.arguments')],
  'a date as the arguments': [(session) => echo(session, new Date()), plain('params.arguments')],
  'a revoked proxy as the arguments': [(session) => echo(session, revoked()), plain('params.arguments')],
  'a number as the options': [(session) => session.callTool({ name: 'echo' }, 5000), plain('options')],
  'a signal as the options': [
    (session) => session.callTool({ name: 'echo' }, AbortSignal.timeout(5000)),
    plain('options'),
  ],
  'a timeout of 0': [
    (session) => session.callTool({ name: 'echo' }, { timeout: 0 }),
    'options.timeout: must be a number of milliseconds greater than 0',
  ],
  'a URI as the params': [(session) => session.readResource('test://counter'), plain('params')],
  'a level without a name': [(session) => session.setLoggingLevel(), isText('level')],
  'a notification by its name': [(session) => session.notification('notifications/x'), isText('notification.method')],
  'initialize by hand': [
    (session) => session.request('initialize', {}),
    'request.method: must not be initialize: connect() sends it',
  ],
};

/** Arguments of the tool `echo` that JSON can hold in some way, and its answer. */
const sent = {
  'a class': [new Arguments(), 'hello'],
  'a member that is undefined': [{ message: 'x', other: undefined }, 'x'],
  'a date': [{ message: new Date(0) }, '1970-01-01T00:00:00.000Z'],
  'an object without a prototype': [Object.assign(Object.create(null), { message: 'x' }), 'x'],
  'a deep object': [{ message: 'x', other: deep(2000) }, 'x'],
  'half a character': [{ message: '\ud800' }, '\ud800'],
};

const echo = (session, given) => session.callTool({ name: 'echo', arguments: given });

describe('the first minute', () => {
  let server;
  let manager;
  let session;
  before(async () => {
    server = await startSdkServer({ mode: 'stateful' });
    manager = new McpManager({ mcpServers: { n: { url: server.url } } }, { log: false });
    session = await manager.connect('ada', 'n');
  });
  after(async () => {
    await manager.close();
    await server.close();
  });

  const isConfigError = (message) => (error) => {
    assert.ok(error instanceof McpError, String(error));
    assert.deepEqual({ code: error.code, message: error.message }, { code: 'config_error', message });
    return true;
  };

  for (const [what, [given, message]] of Object.entries(configurations))
    test(`new McpManager with ${what}`, () => {
      assert.throws(() => new McpManager(...given), isConfigError(message));
    });

  for (const [what, [call, message]] of Object.entries(calls))
    test(what, async () => {
      const posts = server.counts.post;
      await assert.rejects(call(session, manager), isConfigError(message));
      assert.equal(server.counts.post, posts, 'nothing is sent');
    });

  for (const [what, [given, answer]] of Object.entries(sent))
    test(`arguments with ${what} are sent`, async () => {
      const { content } = await echo(session, given);
      assert.equal(content[0].text, answer);
    });

  for (const [what, given] of Object.entries({
    'a BigInt': { id: 1n },
    'a cycle': cyclic,
    '100,000 levels': deep(1e5),
  }))
    test(`arguments with ${what} are refused, with the engine’s reason`, async () => {
      const error = await echo(session, given).catch((reason) => reason);
      assert.equal(error.message, 'the params have no JSON form');
      assert.match(error.evidence, /BigInt|circular|call stack/);
    });

  test('a configuration that is imported as a namespace is accepted', async () => {
    const imported = await import(`data:text/javascript,export const mcpServers = { n: { url: '${url}' } };`);
    await new McpManager(imported).close();
  });

  test('the small entries name a wrong argument', async () => {
    const right = /the first argument must be an McpManager/;
    const config = of({ url });
    assert.throws(() => snapshotOf(config), right);
    assert.throws(() => watchSession(config, 'ada', 'n').subscribe(() => {}), right);
    await assert.rejects(new TetherMcpServer(config, 'ada', 'n').connect(), right);
    assert.throws(() => watchLists(session, manager, {}), right);
    assert.throws(() => withCookies(url), /withCookies\(\) needs a server, such as \{ url \}/);
    assert.throws(() => attachToPage(manager), /attachToPage\(\) needs a page/);
    assert.throws(() => durableObjectStorage({ storage: {} }), /needs ctx\.storage/);
    assert.throws(() => chromeStorage({ session: {} }), /such as chrome\.storage\.session/);
    assert.throws(() => webStorage('local'), /needs sessionStorage or localStorage/);
    assert.ok(webStorage(undefined), 'while a server renders');
  });
});

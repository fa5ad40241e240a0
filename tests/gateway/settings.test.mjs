// The variables and secrets of the gateway: each mistake is one sentence that begins with the name, and repeats no value.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { bundled } from './bundle.mjs';
import { startStack } from './stack.mjs';

const SECRET = 'the-secret';
const right = {
  AUTH: 'bearer',
  BEARER_TOKENS: { ada: 'token-of-ada', bob: { token: 'token-of-bob', vars: { team: 'red' } } },
  MCP_SERVERS: { mcpServers: { s: { url: 'https://s.example/mcp' } } },
};
const jwt = {
  AUTH: 'jwt',
  JWT_JWKS_URL: 'https://issuer.example/jwks',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'gateway',
};
const access = { AUTH: 'access', ACCESS_TEAM_DOMAIN: 'team.cloudflareaccess.com', ACCESS_AUDIENCE: 'gateway' };
const numbers = ['REST_AFTER', 'EVENT_LOG_EVENTS', 'EVENT_LOG_BYTES', 'BREAKER_COOLDOWN', 'RATE_PER_MINUTE'];
const positive = [
  'MAX_BODY_BYTES',
  'MAX_HEADER_BYTES',
  'MAX_SESSIONS_PER_USER',
  'SLOW_READER_BYTES',
  'SESSION_MAX_AGE',
];
const texts = ['AUTH', 'ADMIN_TOKEN', 'LOG', 'PUBLIC_ORIGIN'];
const lists = ['ALLOWED_ORIGINS', 'AUTHORIZATION_SERVERS'];
const notNumbers = [SECRET, '1.5', -1, '-1', '1e400', true, null, [], {}, [5]];

const token = /^BEARER_TOKENS: entry 2 needs a token/;
const origin = /^ALLOWED_ORIGINS: each must be \* or an origin/;

/** Mistakes: the variables, and what is said. */
const wrong = [
  ...[...numbers, ...positive].flatMap((name) =>
    notNumbers.map((value) => [{ [name]: value }, /: must be a whole number/]),
  ),
  ...positive.flatMap((name) => [0, '0'].map((value) => [{ [name]: value }, /: must be a whole number of at least 1/])),
  ...[2 ** 32, '1e15'].map((value) => [{ RATE_PER_MINUTE: value }, /: must be a whole number of at most/]),
  ...texts.flatMap((name) => [5, true, [SECRET], {}].map((value) => [{ [name]: value }, /: must be /])),
  ...lists.flatMap((name) =>
    [5, true, {}, [5], [null], ['']].map((value) => [{ [name]: value }, /: must be text, or a list of texts$/]),
  ),
  [{ MCP_SERVERS: undefined }, /^MCP_SERVERS: is not set$/],
  ...['{', 'yes', ''].map((value) => [{ MCP_SERVERS: value }, /^MCP_SERVERS: must be JSON$/]),
  ...['null', '[]', '"x"', 5, null, []].map((value) => [
    { MCP_SERVERS: value },
    /^MCP_SERVERS: must be an object, or JSON of one$/,
  ]),
  ...['{}', {}, { servers: {} }, { mcpServers: null }, { mcpServers: [] }].map((value) => [
    { MCP_SERVERS: value },
    /^mcpServers: /,
  ]),
  ...[null, 5, [], SECRET].map((value) => [{ MCP_SERVERS: { mcpServers: { s: value } } }, /^mcpServers\.s: /]),
  [
    { MCP_SERVERS: { mcpServers: { 'a/b': { url: 'https://s.example/mcp' } } } },
    /^mcpServers\.a\/b: must consist of letters/,
  ],
  [
    { MCP_SERVERS: { mcpServers: { 日本: { url: 'https://s.example/mcp' } } } },
    /^mcpServers\.日本: must consist of letters/,
  ],
  [{ BEARER_TOKENS: undefined }, /^BEARER_TOKENS: is not set, but AUTH includes bearer$/],
  ...['null', '[]', `"${SECRET}"`, 5, [SECRET]].map((value) => [
    { BEARER_TOKENS: value },
    /^BEARER_TOKENS: must be an object, or JSON of one$/,
  ]),
  ...[null, 5, true, '', 'two words', 'tokén', {}, { token: '' }, { token: 5 }, { tokn: SECRET }].map((bob) => [
    { BEARER_TOKENS: { ada: 'token-of-ada', bob } },
    token,
  ]),
  [{ BEARER_TOKENS: { ada: SECRET, bob: { token: SECRET } } }, /^BEARER_TOKENS: entry 2 has the token of another one$/],
  ...[null, [], SECRET, { team: 5 }, { team: null }].map((vars) => [
    { BEARER_TOKENS: { ada: { token: SECRET, vars } } },
    /^BEARER_TOKENS: entry 1 has "vars" that are not an object of texts$/,
  ]),
  [{ AUTH: 'basic' }, /^AUTH: unknown method basic/],
  [{ AUTH: 'bearer,bearer' }, /^AUTH: names a method twice$/],
  ...['two words', 'tokén'].map((value) => [{ ADMIN_TOKEN: value }, /^ADMIN_TOKEN: must be text of letters/]),
  ...['jwks', 'issuer.example/jwks', 'ftp://issuer.example', 5].map((value) => [
    { ...jwt, JWT_JWKS_URL: value },
    /^JWT_JWKS_URL: must be /,
  ]),
  ...[5, [SECRET]].map((value) => [{ ...jwt, JWT_ISSUER: value }, /^JWT_ISSUER: must be text$/]),
  ...['https://team.cloudflareaccess.com', 'team.cloudflareaccess.com/', 'a b', 'team:x'].map((value) => [
    { ...access, ACCESS_TEAM_DOMAIN: value },
    /^ACCESS_TEAM_DOMAIN: must be a host name, such as team\.cloudflareaccess\.com$/,
  ]),
  ...[
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://APP.example',
    'https://app.example:443',
    'https://bücher.example',
    '*.example',
    'http://*',
    'https://',
  ].map((value) => [{ ALLOWED_ORIGINS: `https://other.example ${value}` }, origin]),
  ...['issuer.example', 'javascript:x'].map((value) => [
    { AUTHORIZATION_SERVERS: value },
    /^AUTHORIZATION_SERVERS: each must be a URL with https$/,
  ]),
];

/** What is no mistake. */
const fine = [
  {},
  { RATE_PER_MINUTE: '', REST_AFTER: ' ', EVENT_LOG_BYTES: '1000', MAX_BODY_BYTES: 5, CREDENTIALS_MAX_IDLE: '0' },
  { RATE_PER_MINUTE: 0, REST_AFTER: 0, BREAKER_COOLDOWN: 0, EVENT_LOG_EVENTS: 0, EVENT_LOG_BYTES: 0 },
  { MCP_SERVERS: JSON.stringify(right.MCP_SERVERS), BEARER_TOKENS: JSON.stringify(right.BEARER_TOKENS) },
  { BEARER_TOKENS: {} },
  { BEARER_TOKENS: '{"日本語":"token","__proto__":"other","":"~!"}' },
  { ...jwt, AUTH: ' bearer , jwt ' },
  access,
  { LOG: '', ADMIN_TOKEN: '', PUBLIC_ORIGIN: '', ALLOWED_ORIGINS: '', AUTHORIZATION_SERVERS: '' },
  { ALLOWED_ORIGINS: '*' },
  {
    ALLOWED_ORIGINS:
      'https://app.example,http://localhost:3000 null chrome-extension://abc vscode-webview://x tauri://localhost',
  },
  { ALLOWED_ORIGINS: ['https://app.example', 'http://[::1]:3000'] },
  { AUTHORIZATION_SERVERS: 'https://issuer.example https://other.example/tenant' },
];

const titleOf = (vars) => JSON.stringify(vars, (_, value) => (value === undefined ? 'nothing' : value));

describe('settings', () => {
  let folder;
  let stack;
  before(async () => {
    folder = await bundled(new URL('settings/entry.js', import.meta.url));
    stack = await startStack({ server: false, folder });
  });
  after(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const problemOf = async (vars) => {
    const body = JSON.stringify({ ...right, ...vars });
    return (await fetch(`${stack.origin}/settings`, { method: 'POST', body })).text();
  };

  for (const [vars, words] of wrong)
    test(`${titleOf(vars)} is a mistake`, async () => {
      const problem = await problemOf(vars);
      assert.match(problem, words);
      const [name] = problem.split(/[:.]/);
      assert.ok(name === 'mcpServers' || Object.hasOwn(vars, name), problem);
      assert.ok(!problem.includes(SECRET) && !problem.includes('\n'), problem);
    });

  for (const vars of fine)
    test(`${titleOf(vars)} is none`, async () => {
      assert.equal(await problemOf(vars), '');
    });
});

// The settings of servers that ask for OAuth: what is wrong is said in one sentence.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readOAuth } from '../../gateway/oauth/settings.js';
import { tokenKeys } from './oauth-world.mjs';

describe('settings', () => {
  for (const [what, vars, server, message] of [
    ['no key', { TOKEN_KEYS: '' }, {}, /^TOKEN_KEYS: is not set, but mcpServers\.notes\.auth requires it/],
    ['a short key', { TOKEN_KEYS: 'c2hvcnQ=' }, {}, /^TOKEN_KEYS: each key must be 32 bytes in Base64$/],
    ['no origin', { PUBLIC_ORIGIN: '' }, {}, /^PUBLIC_ORIGIN: is not set/],
    ['a plain origin', { PUBLIC_ORIGIN: 'http://gateway.example' }, {}, /^PUBLIC_ORIGIN: must be an origin/],
    ['no users', { AUTH: 'none' }, {}, /^AUTH: none makes all callers one user/],
    ['another type', {}, { type: 'basic' }, /^mcpServers\.notes\.auth\.type: must be "oauth"$/],
    ['an unknown option', {}, { password: 'x' }, /^mcpServers\.notes\.auth\.password: is unknown$/],
    ['another grant', {}, { grant: 'password' }, /^mcpServers\.notes\.auth\.grant: must be "client_credentials"/],
    [
      'own access without a proof',
      {},
      { grant: 'client_credentials', clientId: 'x' },
      /^mcpServers\.notes\.auth\.clientSecret: is missing, and so is privateKey$/,
    ],
    ['a key alone', {}, { privateKey: 'x' }, /^mcpServers\.notes\.auth\.clientId: is missing$/],
    [
      'a secret and a key',
      {},
      { clientId: 'x', clientSecret: 'x', privateKey: 'x' },
      /^mcpServers\.notes\.auth\.privateKey: cannot be set together with clientSecret$/,
    ],
    ['an unknown algorithm', {}, { algorithm: 'HS256' }, /^mcpServers\.notes\.auth\.algorithm: must be one of ES256/],
    [
      'a missing variable',
      {},
      { clientId: '$' + '{CLIENT}' },
      /^mcpServers\.notes\.auth\.clientId: the variable CLIENT is not set$/,
    ],
    ['a secret alone', {}, { clientSecret: 'x' }, /^mcpServers\.notes\.auth\.clientId: is missing$/],
  ])
    test(`${what} is an error of the configuration`, () => {
      const env = {
        AUTH: 'bearer',
        PUBLIC_ORIGIN: 'https://gateway.example',
        TOKEN_KEYS: tokenKeys[0],
        CREDENTIALS: {},
        ...vars,
      };
      const servers = { notes: { url: 'https://notes.example/mcp', auth: { type: 'oauth', ...server } } };
      assert.throws(() => readOAuth(env, servers, 0), { message });
    });
});

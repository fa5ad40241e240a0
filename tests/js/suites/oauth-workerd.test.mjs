// Logins in workerd: credentials in the storage of a Durable Object, which the next one of the same name goes on with.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Miniflare } from 'miniflare';
import { packageUrl, redirectUri } from '../helpers/oauth/world.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

const script = `
import { oauth } from './oauth.js';
import { durableObjectStorage } from './storage.js';

export class User {
  constructor(ctx) {
    this.auth = oauth({
      redirectUri: ${JSON.stringify(redirectUri)},
      storage: durableObjectStorage(ctx.storage),
      authorize: async (url) => (await fetch(url, { redirect: 'manual' })).headers.get('location'),
    });
  }
  async fetch(request) {
    const { url, status } = await request.json();
    const answer = await this.auth.token({ userId: 'ada', serverName: 'notes', url, status });
    return Response.json({ token: answer?.token ?? answer ?? null });
  }
}
export default {
  fetch: (request, env) => env.USERS.get(env.USERS.idFromName('ada')).fetch(request),
};`;

let as;
let server;
let worker;

async function startWorker() {
  const source = (name) => readFile(packageUrl(name), 'utf8');
  return new Miniflare({
    // A date at which `fetch` throws at the members `cache` and `credentials`.
    compatibilityDate: '2024-09-02',
    durableObjects: { USERS: 'User' },
    modules: [
      { type: 'ESModule', path: 'worker.mjs', contents: script },
      { type: 'ESModule', path: 'oauth.js', contents: await source('oauth.js') },
      { type: 'ESModule', path: 'oauth-more.js', contents: await source('oauth-more.js') },
      { type: 'ESModule', path: 'storage.js', contents: await source('storage.js') },
    ],
  });
}

before(async () => {
  as = await startAuthorizationServer();
  server = await startProtectedServer(as);
  worker = await startWorker();
});
after(async () => {
  await worker?.dispose();
  await server?.close();
  await as?.close();
});

test('a login, then what is stored, then a refresh', async () => {
  const ask = async (status) => {
    const body = JSON.stringify({ url: server.url, status });
    return (await worker.dispatchFetch('http://worker/', { method: 'POST', body })).json();
  };
  assert.equal((await ask()).token, null);
  const { token } = await ask(401);
  assert.ok(as.introspect(token));
  assert.equal((await ask()).token, token);
  as.expireAll();
  const next = await ask(401);
  assert.ok(next.token !== token && as.introspect(next.token));
  assert.deepEqual([as.count('authorize'), as.count('token', 'refresh_token')], [1, 1]);
});

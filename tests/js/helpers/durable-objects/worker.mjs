// A Worker whose Durable Objects each hold a manager. All of them run in one isolate, and so in one instance of the module.
import { DurableObject } from 'cloudflare:workers';
import { McpManager } from 'mcp-tether';

// Plain data, which objects may share.
const working = { now: 0, most: 0 };

const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

async function serve(_url, { method, headers, body }) {
  await wait(1);
  if (headers.authorization !== 'Bearer good')
    return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } });
  if (method !== 'POST') return new Response(null, { status: method === 'DELETE' ? 200 : 405 });
  const { id, method: name, params } = JSON.parse(body);
  if (id === undefined) return new Response(null, { status: 202 });
  if (name !== 'initialize') return Response.json({ jsonrpc: '2.0', id, result: {} });
  const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 's', version: '1' } };
  return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': crypto.randomUUID() } });
}

export class Keeper extends DurableObject {
  async fetch(request) {
    const { abortIn, hops } = await request.json();
    working.most = Math.max(working.most, ++working.now);
    // What the module awaits; in one of the objects, it is aborted some microtasks after the wait ended.
    const awaited = async (place, value) => {
      const ended = wait(20).then(value);
      if (place === abortIn) this.#abort(ended, hops);
      return ended;
    };
    const { storage } = this.ctx;
    const manager = new McpManager(
      { mcpServers: { s: { url: 'http://server.test/mcp', protocolVersion: 'legacy' } } },
      {
        env: {},
        log() {},
        fetch: serve,
        storage: {
          get: (key) => awaited('get', () => storage.get(key)),
          set: (key, value) => awaited('set', () => storage.put(key, value)),
          delete: (key) => awaited('delete', () => storage.delete(key)),
        },
      },
    );
    const session = await manager.connect('u', 's', { auth: { token: () => awaited('token', () => 'good') } });
    await session.ping();
    await manager.idle();
    await session.terminate();
    await manager.idle();
    await manager.close();
    working.now--;
    return new Response('finished');
  }

  async #abort(ended, hops) {
    await ended;
    for (let hop = 0; hop < hops; hop++) await undefined;
    working.now--;
    this.ctx.abort('in mid-await');
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/most') return Response.json(working.most);
    return env.KEEPERS.get(env.KEEPERS.idFromName(pathname)).fetch(request);
  },
};

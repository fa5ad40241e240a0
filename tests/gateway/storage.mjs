// The storage of the gateway's objects while it is stopped: a Worker with the same classes runs SQL on it.
import { createRequire } from 'node:module';
import { compatibility } from '../../gateway/local.mjs';

const { Miniflare } = createRequire(import.meta.url)('miniflare');

const script = `
import { DurableObject } from 'cloudflare:workers';
class Storage extends DurableObject {
  run(statements) {
    return statements.map(([sql, ...values]) => this.ctx.storage.sql.exec(sql, ...values).toArray());
  }
}
export class SessionObject extends Storage {}
export class IndexObject extends Storage {}
export class RegistryObject extends Storage {}
export class CredentialsObject extends Storage {}
export default {
  async fetch(request, env) {
    const { binding, name, statements } = await request.json();
    return Response.json(await env[binding].get(env[binding].idFromName(name)).run(statements));
  },
};`;

/**
 * Runs statements on the storage of one object.
 * @param {string} state the folder of the gateway's storage
 * @param {{ binding: 'SESSIONS' | 'INDEX' | 'CREDENTIALS', name: string }} object
 * @param {unknown[][]} statements each is SQL and its values
 * @returns {Promise<object[][]>} the rows of each
 */
export async function runOnStorage(state, object, statements) {
  const miniflare = new Miniflare({
    ...compatibility,
    modules: true,
    script,
    durableObjects: {
      SESSIONS: { className: 'SessionObject', useSQLite: true },
      INDEX: { className: 'IndexObject', useSQLite: true },
      REGISTRY: { className: 'RegistryObject', useSQLite: true },
      CREDENTIALS: { className: 'CredentialsObject', useSQLite: true },
    },
    durableObjectsPersist: state,
  });
  try {
    const response = await miniflare.dispatchFetch('http://localhost/', {
      method: 'POST',
      body: JSON.stringify({ ...object, statements }),
    });
    return await response.json();
  } finally {
    await miniflare.dispose();
  }
}

// @ts-check
// Credentials in a file, for programs.

import { OAuthError } from '../error.js';

/**
 * A file that only its owner may read, for Node, Deno and Bun.
 *
 * @param {string} path
 */
export function fileStorage(path) {
  const files = () => builtin('fs/promises');

  const read = async () => {
    try {
      return JSON.parse(await (await files()).readFile(path, 'utf8'));
    } catch (/** @type {any} */ error) {
      if (error.code === 'ENOENT') return {};
      throw error;
    }
  };

  const change = (/** @type {(entries: Record<string, string>) => unknown} */ edit) =>
    locked('write', async () => {
      const { rename, writeFile } = await files();
      const entries = await read();
      edit(entries);
      // Written beside and moved: a process that dies in between leaves the old file.
      const draft = `${path}.${globalThis.crypto.randomUUID()}`;
      await writeFile(draft, JSON.stringify(entries), { mode: 0o600, flag: 'wx' });
      await rename(draft, path);
    });

  // A file that exists is a lock that is held; one that is old is of a process that died.
  async function locked(/** @type {string} */ name, /** @type {() => Promise<any>} */ act) {
    const { open, stat, unlink } = await files();
    const lock = `${path}.${name}.lock`;
    for (;;) {
      try {
        await (await open(lock, 'wx', 0o600)).close();
        break;
      } catch (/** @type {any} */ error) {
        if (error.code !== 'EEXIST') throw error;
        const made = await stat(lock).catch(() => undefined);
        if (made && Date.now() - made.mtimeMs > STALE_LOCK) await unlink(lock).catch(() => {});
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    try {
      return await act();
    } finally {
      await unlink(lock).catch(() => {});
    }
  }

  return {
    get: async (/** @type {string} */ key) => (await read())[key] ?? null,
    set(/** @type {string} */ key, /** @type {string} */ value) {
      if (typeof value !== 'string') throw new TypeError('a file holds text only');
      return change((entries) => {
        entries[key] = value;
      });
    },
    delete: (/** @type {string} */ key) => change((entries) => delete entries[key]),
    lock: (/** @type {string} */ _name, /** @type {() => Promise<any>} */ act) => locked('refresh', act),
  };
}

/** Milliseconds: longer than any request to a token endpoint. */
const STALE_LOCK = 60_000;

/** A module of Node, which Deno and Bun have as well. Named at run time, so that bundlers for pages pass over it. @param {string} name */
export async function builtin(name) {
  const module = `node:${name}`;
  try {
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ module);
  } catch (cause) {
    const instead = 'in a page, use popup() or redirect(), and indexedDbStorage()';
    throw new OAuthError('config', `loopback() and fileStorage() need Node, Deno or Bun: ${instead}`, { cause });
  }
}

// What the page at `/` asks the gateway for.
// @ts-check

/** @typedef {{ token: string | undefined, isAdmin: boolean }} Login */
/** @typedef {{ handle: string, user?: string, server: string, state?: string, openedAt?: number, lastCallAt?: number, recoveries?: number }} Session */
/** @typedef {{ sessions: Session[], cursor?: string }} SessionPage */

const ENOUGH = 100; // sessions
const MAX_PAGES = 10;

/** An error that no repetition changes. */
class Final extends Error {
  /** @override */
  name = 'Final';
}

/**
 * The names of the servers, and whose token it is.
 * @param {string | undefined} token
 * @returns {Promise<{ servers: string[], isAdmin: boolean, hasSessions?: boolean }>}
 */
export function servers(token) {
  return ask('/', token);
}

/**
 * The live sessions: all of them for the administrator, their own for users.
 * @param {Login} login
 * @returns {Promise<SessionPage>}
 */
export async function sessionsOf({ token, isAdmin }) {
  if (isAdmin) return ofAdmin(token);
  const { sessions } = await ask('/sessions', token);
  return { sessions: sessions.map(ofUser) };
}

/** As many pages as a screen needs: one may be empty, and there may be more all the same. @param {string | undefined} token @returns {Promise<SessionPage>} */
async function ofAdmin(token) {
  /** @type {SessionPage} */
  const all = { sessions: [] };
  for (let pages = 0; pages < MAX_PAGES && all.sessions.length < ENOUGH; pages += 1) {
    const query = all.cursor === undefined ? '' : `?cursor=${encodeURIComponent(all.cursor)}`;
    const { sessions, cursor } = await ask(`/admin/sessions${query}`, token);
    all.sessions.push(...sessions);
    all.cursor = cursor;
    if (cursor === undefined) break;
  }
  return all;
}

/** @param {Record<string, any>} session as `GET /sessions` lists it @returns {Session} */
function ofUser({ handle, serverName, state, createdAt, lastUsedAt, recoveries, generation }) {
  return {
    handle,
    server: serverName,
    state,
    openedAt: createdAt,
    lastCallAt: lastUsedAt,
    recoveries: recoveries ?? (generation > 0 ? generation - 1 : undefined),
  };
}

/** @param {string} path @param {string | undefined} token @returns {Promise<any>} */
async function ask(path, token) {
  const response = await fetch(path, {
    headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  }).catch(() => {
    throw new Error('The gateway is out of reach. Trying again.');
  });
  if (response.ok) return response.json();
  throw problemOf(response.status, path);
}

/** @param {number} status @param {string} path */
function problemOf(status, path) {
  if (status === 401) return new Final('This is not a token of this gateway. Enter another one.');
  if (status === 404 && path.startsWith('/admin'))
    return new Final('This gateway does not list sessions for its administrator. A user sees their own.');
  if (status === 429) return new Error('Too many requests. Trying again.');
  return new Error(`The gateway answered ${status}. Trying again.`);
}

// What the administrator may read and change: /metrics, the sessions of all users at /admin/sessions, the servers at /admin/servers. docs/operation.md
// documents the JSON.
// @ts-check

import { bodiless, json } from '../answers.js';
import { flush, registry } from '../counters.js';
import { drainServer, listServers } from './admin-servers.js';
import { isAdmin } from './administrator.js';
import { audit } from './audit.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Answer, Env } from '../types.js' */
/** @import { NumberedUser } from './users.js' */

const USERS = 20; // asked for their sessions at once
const SESSIONS = 100; // of a page at most
const TURNS = 5; // of users in one request: an empty page has a cursor, too
const CURSOR = /^(\d{1,15})-([\da-f]{64}|~|)$/;
const AFTER_ALL = '~'; // no handle is greater
const METRICS = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * A session in the list. The index knows calls up to a minute late.
 * @typedef {object} Listed
 * @property {string} handle
 * @property {string} user its key: the method of authentication and the user's id
 * @property {string} server
 * @property {string} state
 * @property {number} openedAt
 * @property {number} lastCallAt
 * @property {number} recoveries
 */
/** @typedef {[user: number, handle: string]} Place of the last session of a page: the number of its user, and its handle */

/**
 * The response to a request for one of the administrator's paths.
 * @param {IncomingRequest} incoming
 * @returns {Promise<Answer>}
 */
export async function administer(incoming) {
  const { env, head, route, settings } = incoming;
  if (!(await isAdmin(head, settings))) {
    if (route.name !== 'metrics') audit('admin.refused', { route: route.name });
    return incoming.failedLogin('Bearer');
  }
  switch (route.name) {
    case 'metrics':
      await flush(env);
      return { status: 200, headers: { 'content-type': METRICS }, body: await registry(env).text() };
    case 'adminSessions':
      return list(incoming);
    case 'adminServers':
      return listServers(incoming);
    case 'adminDrain':
      return drainServer(incoming);
    case 'adminTrace':
      return told(incoming, 'admin.traced', await objectOf(incoming).trace());
    default:
      return incoming.request.method === 'DELETE'
        ? end(incoming)
        : told(incoming, 'admin.read', await objectOf(incoming).explain());
  }
}

/** @param {IncomingRequest} incoming */
function objectOf({ env, route }) {
  return env.SESSIONS.get(env.SESSIONS.idFromName(route.subject));
}

/** @param {IncomingRequest} incoming @param {'admin.read' | 'admin.traced'} action @param {object | undefined} found @returns {Answer} */
function told(incoming, action, found) {
  if (!found) return incoming.refuse('sessionUnknown');
  audit(action, { session: incoming.route.subject });
  return json(found);
}

/** @param {IncomingRequest} incoming @returns {Promise<Answer>} */
async function end(incoming) {
  const { subject } = incoming.route;
  if (!(await objectOf(incoming).endForAdmin())) return incoming.refuse('sessionUnknown');
  audit('admin.ended', { session: subject });
  return bodiless(204);
}

/** @param {IncomingRequest} incoming @returns {Promise<Answer>} */
async function list(incoming) {
  const { env, request } = incoming;
  const { searchParams } = new URL(request.url);
  const text = searchParams.get('cursor');
  const cursor = text === null ? undefined : placeIn(text);
  const limit = Number(searchParams.get('limit') ?? SESSIONS);
  if ((text !== null && !cursor) || !Number.isInteger(limit) || limit < 1 || limit > SESSIONS)
    return incoming.refuse('page');
  const wanted = {
    limit,
    user: searchParams.get('user') ?? undefined,
    server: searchParams.get('server') ?? undefined,
  };
  const { sessions, next } = await page(env, wanted, cursor);
  return json({ sessions, ...(next && { cursor: next.join('-') }) });
}

/** @param {string} cursor @returns {Place | undefined} */
function placeIn(cursor) {
  const [, user, handle] = CURSOR.exec(cursor) ?? [];
  return user === undefined || handle === undefined ? undefined : [Number(user), handle];
}

/**
 * Sessions in the order of their users and handles.
 * @param {Env} env
 * @param {{ limit: number, user: string | undefined, server: string | undefined }} wanted
 * @param {Place} [after]
 * @returns {Promise<{ sessions: Listed[], next?: Place }>}
 */
async function page(env, { limit, user, server }, after = [0, '']) {
  /** @type {Listed[]} */
  const sessions = [];
  let [from, past] = after;
  let last = after;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const users = await registry(env).users({ from, limit: USERS, ...(user !== undefined && { user }) });
    const found = await Promise.all(users.map((known) => sessionsOf(env, known)));
    for (const [index, known] of users.entries()) {
      const fresh = found[index].filter(({ handle }) => known.number !== from || handle > past);
      for (const session of fresh) {
        if (server !== undefined && session.server !== server) continue;
        if (sessions.length === limit) return { sessions, next: last };
        sessions.push(session);
        last = [known.number, session.handle];
      }
    }
    await forget(env, users, found);
    if (users.length < USERS) return { sessions };
    [from, past] = [users[users.length - 1].number, AFTER_ALL];
  }
  return { sessions, next: [from, past] };
}

/** @param {Env} env @param {NumberedUser} user @returns {Promise<Listed[]>} */
async function sessionsOf({ INDEX }, { name, key }) {
  const list = await INDEX.get(INDEX.idFromName(name)).list();
  return list
    .map(({ handle, serverName, createdAt, state = 'ready', lastUsedAt, recoveries = 0 }) => ({
      handle,
      user: key,
      server: serverName,
      state,
      openedAt: createdAt,
      lastCallAt: Math.max(createdAt, lastUsedAt ?? 0),
      recoveries,
    }))
    .sort((one, other) => (one.handle < other.handle ? -1 : 1));
}

// Users without sessions leave the registry's list when it is read.
/** @param {Env} env @param {NumberedUser[]} users @param {Listed[][]} found */
async function forget(env, users, found) {
  const gone = users.filter((_, index) => found[index].length === 0).map(({ name }) => name);
  if (gone.length > 0) await registry(env).dropUsers(gone);
}

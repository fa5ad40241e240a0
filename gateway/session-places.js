// Where sessions are: the object that keeps one is found by the digest of the session's id. What it is not told of a request, it cannot pass on by mistake.
// @ts-check
import { count } from './counters.js';
import { sha256 } from './digest.js';
import { Memo } from './memo.js';

/** @import { SessionObject } from './session-object.js' */
/** @import { Env, Identity, ObjectAnswer, ObjectId, Stub } from './types.js' */

/** @typedef {Stub<SessionObject>} SessionStub */
/** @typedef {{ owner: string, name: ObjectId }} Place where a session is, and whose it would have to be */
/** @typedef {Pick<Identity, 'key'>} Caller */

/** @type {Memo<Place>} */
const places = new Memo(); // by session and caller

/** The place of a session, if it was found lately: @param {Caller} caller @param {string} server @param {string} id */
export function knownPlace({ key }, server, id) {
  return places.get(placeName(key, server, id));
}

/** Works the place of a session out: @param {Env} env @param {Caller} caller @param {string} server @param {string} id */
export async function findPlace(env, { key }, server, id) {
  const handle = await sha256(id);
  return places.set(placeName(key, server, id), {
    owner: ownerOf(key, server, handle),
    name: env.SESSIONS.idFromName(handle),
  });
}

/**
 * Asks the object of a session.
 * @param {Env} env
 * @param {Caller} caller
 * @param {string} server
 * @param {string} id
 * @param {(object: SessionStub, owner: string) => Promise<string | ObjectAnswer | undefined>} ask
 */
export async function askSession(env, caller, server, id, ask) {
  const { owner, name } = knownPlace(caller, server, id) ?? (await findPlace(env, caller, server, id));
  const object = env.SESSIONS.get(name);
  return received(object, await ask(object, owner));
}

/** Ends a session by its public handle: @param {Env} env @param {Caller} caller @param {string} server @param {string} handle */
export async function endSession({ SESSIONS }, { key }, server, handle) {
  await SESSIONS.get(SESSIONS.idFromName(handle)).end(ownerOf(key, server, handle));
}

/**
 * What an object answered: an answer, or a promise of one that is still to be fetched.
 * @param {SessionStub} object
 * @param {string | ObjectAnswer | undefined} answer
 */
export function received(object, answer) {
  if (typeof answer === 'string') return { status: 200, headers: undefined, body: answer };
  if (answer?.counts) count(answer.counts);
  return answer?.bodyNumber ? withBody(object, answer) : answer;
}

/** @param {SessionStub} object @param {ObjectAnswer} answer @returns {Promise<ObjectAnswer>} */
async function withBody(object, answer) {
  const { ok, body } = await object.fetch(`http://session/${answer.bodyNumber}`);
  if (!ok) throw new Error('the object was replaced before its answer was fetched');
  return { ...answer, body };
}

// Neither ids nor the names of servers have line ends.
/** @param {string} key @param {string} server @param {string} id */
function placeName(key, server, id) {
  return `${key}\n${server}\n${id}`;
}

// Whom a session belongs to and what it leads to, as one text: compared as such on every call.
/** @param {string} key @param {string} server @param {string} handle */
function ownerOf(key, server, handle) {
  return JSON.stringify([key, server, handle]);
}

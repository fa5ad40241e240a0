// Locates sessions: the object of a session is found by the digest of the session id. The object gets only the necessary parts of a request, so it cannot
// forward others by mistake.
// @ts-check
import { ofText } from './answers.js';
import { count } from './counters.js';
import { sha256 } from './digest.js';
import { Memo } from './memo.js';

/** @import { SessionObject } from './session-object.js' */
/** @import { Env, Identity, ObjectAnswer, ObjectId, Stub } from './types.js' */

/** @typedef {Stub<SessionObject>} SessionStub */
/** @typedef {{ owner: string, name: ObjectId }} Place the object of a session, and the expected owner */
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
 * Calls the object of a session.
 * @param {Env} env
 * @param {Caller} caller
 * @param {string} server
 * @param {string} id
 * @param {(object: SessionStub, owner: string) => Promise<string | ObjectAnswer | undefined>} ask
 * @param {string} [locationHint] where an object that does not exist yet is placed
 */
export async function askSession(env, caller, server, id, ask, locationHint) {
  const { owner, name } = knownPlace(caller, server, id) ?? (await findPlace(env, caller, server, id));
  const object = locationHint ? env.SESSIONS.get(name, { locationHint }) : env.SESSIONS.get(name);
  return received(object, await ask(object, owner));
}

/**
 * The object of a session, and its owner, by its public handle.
 * @param {Env} env
 * @param {string} key
 * @param {string} server
 * @param {string} handle
 */
export function sessionOf({ SESSIONS }, key, server, handle) {
  return { object: SESSIONS.get(SESSIONS.idFromName(handle)), owner: ownerOf(key, server, handle) };
}

/**
 * The response of an object, or a promise if its body must be fetched.
 * @param {SessionStub} object
 * @param {string | ObjectAnswer | undefined} answer
 */
export function received(object, answer) {
  if (typeof answer === 'string') return ofText(answer);
  if (answer?.counts) count(answer.counts);
  return answer?.bodyNumber ? withBody(object, answer) : answer;
}

/** @param {SessionStub} object @param {ObjectAnswer} answer @returns {Promise<ObjectAnswer>} */
async function withBody(object, answer) {
  const { ok, body } = await object.fetch(`http://session/${answer.bodyNumber}`);
  if (!ok) throw new Error('the object of the session was replaced before its response was fetched');
  return { ...answer, body };
}

// Ids and names of servers contain no line breaks.
/** @param {string} key @param {string} server @param {string} id */
function placeName(key, server, id) {
  return `${key}\n${server}\n${id}`;
}

// The owner and the server of a session, as one text that is compared on every call.
/** @param {string} key @param {string} server @param {string} handle */
function ownerOf(key, server, handle) {
  return JSON.stringify([key, server, handle]);
}

/** Parses the owner text: @param {string} owner */
export function partsOf(owner) {
  /** @type {string[]} */
  const [key = '', server = '', handle = ''] = JSON.parse(owner);
  return { key, server, handle };
}

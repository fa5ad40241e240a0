// The members of a JSON-RPC message as text: what a parsed message no longer tells, and what a message that is too large to parse still does.
// @ts-check

import { plain, write } from './raw-json.js';

/** @import { RpcId } from './types.js' */

// Members of params on which routing, headers or cache keys depend.
const DECISIVE = new Set(['_meta', 'cursor', 'uri', 'name', 'taskId', 'inputResponses', 'requestState']);

const MAX_LEVELS = 64;

/**
 * Whether a message has a member twice where that decides what the message is: in the envelope, in `_meta`, and the decisive members of `params`. Of two
 * equal members one reader takes the first, another the last (RFC 8259 §4). Elsewhere they are the server's business.
 * @param {string} text valid JSON
 */
export function isAmbiguous(text) {
  /** @type {Map<string, number>} */
  const envelope = new Map();
  for (const { key, at } of membersOf(text, text.search(/\S/))) {
    if (envelope.has(key)) return true;
    envelope.set(key, at);
  }
  /** @type {Map<string, number>} */
  const params = new Map();
  for (const { key, at } of membersOf(text, envelope.get('params'))) {
    if (!DECISIVE.has(key)) continue;
    if (params.has(key)) return true;
    params.set(key, at);
  }
  const meta = new Set();
  for (const { key } of membersOf(text, params.get('_meta'))) {
    if (meta.has(key)) return true;
    meta.add(key);
  }
  return false;
}

/**
 * How many more messages than one a body has. Those of a batch that is invalid count, too.
 * @param {string} text
 */
export function messagesBeyondOne(text) {
  if (!/^\s*\[/.test(text)) return 0;
  try {
    return Math.max(0, JSON.parse(text).length - 1);
  } catch {
    return 0;
  }
}

/**
 * A value as JSON; undefined if it is nested so deeply that parts of the runtime cannot handle it.
 * @param {unknown} params
 */
export function shallowText(params) {
  return isDeep(plain(params)) ? undefined : write(params);
}

/** @param {unknown} value @param {number} [levels] @returns {boolean} */
function isDeep(value, levels = MAX_LEVELS) {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeep(member, levels - 1));
}

/**
 * The id of a message of which only the beginning and the end are known; null if they do not show it.
 * @param {string} head
 * @param {string} tail
 * @returns {RpcId}
 */
export function idWithin(head, tail) {
  for (const { key, at } of membersOf(head, head.search(/\S/))) {
    if (key !== 'id') continue;
    const end = endOfValue(head, at);
    return end < head.length ? idOf(head.slice(at, end)) : null;
  }
  // Official clients write it last.
  return idOf(/(?<!\\)"id"\s*:\s*(-?\d+|"[^"\\]*")\s*\}\s*$/.exec(tail)?.[1] ?? '');
}

/** @param {string} text @returns {RpcId} */
function idOf(text) {
  try {
    const id = JSON.parse(text);
    return typeof id === 'string' || Number.isSafeInteger(id) ? id : null;
  } catch {
    return null;
  }
}

/**
 * The keys of the object that begins at this place, and where their values begin. Ends at the end of the text; gives nothing for other values.
 * @param {string} text
 * @param {number | undefined} start
 * @returns {Generator<{ key: string, at: number }>}
 */
function* membersOf(text, start = -1) {
  if (text[start] !== '{') return;
  for (let at = skip(text, start + 1, /[\s,]*/y); text[at] === '"'; at = skip(text, at, /[\s,]*/y)) {
    const end = endOfString(text, at);
    const value = skip(text, end, /[\s:]*/y);
    if (value >= text.length) return;
    yield { key: JSON.parse(text.slice(at, end)), at: value };
    at = endOfValue(text, value);
  }
}

/** @param {string} text @param {number} at */
function endOfValue(text, at) {
  if (text[at] === '"') return endOfString(text, at);
  if (text[at] !== '{' && text[at] !== '[') return skip(text, at, /[^\s,}\]]*/y);
  const marks = /["{}[\]]/g;
  let depth = 0;
  marks.lastIndex = at;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const [mark] = found;
    if (mark === '"') marks.lastIndex = endOfString(text, found.index);
    else depth += mark === '{' || mark === '[' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

/** @param {string} text @param {number} at its opening quote */
function endOfString(text, at) {
  const marks = /["\\]/g;
  marks.lastIndex = at + 1;
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    if (found[0] === '"') return marks.lastIndex;
    marks.lastIndex += 1;
  }
  return text.length;
}

/** @param {string} text @param {number} at @param {RegExp} pattern sticky */
function skip(text, at, pattern) {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

// Counters of one isolate, told to the registry now and then, so that how often that is asked depends on isolates and not on sessions.
// @ts-check

/** @import { Counts, Env } from './types.js' */

const FLUSH_EVERY = 10_000;

/** @type {Counts} */
let counts = {};
let flushed = 0;

/**
 * Counts a request by what it was and how it ended.
 * @param {string | undefined} route
 * @param {number} status
 */
export function countRequest(route, status) {
  const name = `requests_total{route="${route ?? 'none'}",status="${status}"}`;
  counts[name] = (counts[name] ?? 0) + 1;
}

/**
 * Adds to counters: `{ name: how much }`.
 * @param {Counts} more
 */
export function count(more) {
  for (const [name, value] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + value;
}

/** Whether it is time to tell the registry. */
export function isFlushDue() {
  return Date.now() - flushed >= FLUSH_EVERY;
}

/**
 * Tells the registry what came together. No request waits for it.
 * @param {Env} env
 */
export async function flush(env) {
  flushed = Date.now();
  const sent = counts;
  counts = {};
  if (Object.keys(sent).length > 0) await registry(env).add(sent);
}

/** @param {Env} env */
export function registry(env) {
  return env.REGISTRY.get(env.REGISTRY.idFromName('all'));
}

/**
 * What happened to a session with a server since `before`, as counters: the manager's own, by their names.
 * @param {Counts} before
 * @param {Counts} metrics
 */
export function since(before, metrics) {
  /** @type {Counts} */
  const more = {};
  for (const [name, value] of Object.entries(metrics)) {
    const added = value - (before[name] ?? 0);
    if (added > 0) more[`upstream_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`] = added;
  }
  return more;
}

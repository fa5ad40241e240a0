// Counters of one isolate, sent to the registry at intervals, so that the registry's load depends on the number of isolates, not of sessions.
// @ts-check

import { Histograms } from './observe/histograms.js';

/** @import { Counts, Env } from './types.js' */

const FLUSH_EVERY = 10_000;

/** @type {Counts} */
let counts = {};
let flushed = 0;
const histograms = new Histograms();

/**
 * Counts a request by route and status.
 * @param {string | undefined} route
 * @param {number} status
 */
export function countRequest(route, status) {
  const name = `requests_total{route="${route ?? 'none'}",status="${status}"}`;
  counts[name] = (counts[name] ?? 0) + 1;
}

/**
 * Adds to counters: `{ name: increment }`.
 * @param {Counts} more
 */
export function count(more) {
  for (const [name, value] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + value;
}

/** Adds a duration to a histogram: @param {string} metric @param {Record<string, string>} labels @param {number} ms */
export function observe(metric, labels, ms) {
  histograms.observe(metric, labels, ms);
}

/** The same for durations that always have these labels: @param {string} metric @param {Record<string, string>} labels */
export function timing(metric, labels) {
  return histograms.timing(metric, labels);
}

/** Whether the interval has passed. */
export function isFlushDue() {
  return Date.now() - flushed >= FLUSH_EVERY;
}

/**
 * Sends the accumulated counters to the registry. Requests do not wait for it.
 * @param {Env} env
 */
export async function flush(env) {
  flushed = Date.now();
  const sent = { ...counts, ...histograms.take() };
  counts = {};
  if (Object.keys(sent).length > 0) await registry(env).add(sent);
}

/** @param {Env} env */
export function registry(env) {
  return env.REGISTRY.get(env.REGISTRY.idFromName('all'));
}

/**
 * The increase of the manager's counters for a session since `before`, by name.
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

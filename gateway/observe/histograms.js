// Histograms as counters: one counter for each bucket, and one for the sum. The registry adds them up, and exposition.js makes them cumulative.
// @ts-check

/** @import { Counts } from '../types.js' */

/** Upper bounds of the buckets in seconds. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MOST_SERVERS = 100; // with a label of their own
const MOST_SERIES = 2_000; // between two flushes

/** @typedef {{ buckets: number[], sum: number }} Series */

export class Histograms {
  /** @type {Map<string, Series>} by metric and labels */
  #series = new Map();
  /** @type {Set<string>} */
  #servers = new Set();

  /** @param {string} metric @param {Record<string, string>} labels from closed sets, except for `server` @param {number} ms */
  observe(metric, labels, ms) {
    let name = `${metric}{`;
    for (const label in labels)
      name += `${label}="${label === 'server' ? this.#serverLabel(labels.server) : labels[label]}",`;
    let series = this.#series.get(name);
    if (!series) {
      if (this.#series.size >= MOST_SERIES) return;
      series = { buckets: [], sum: 0 };
      this.#series.set(name, series);
    }
    const seconds = ms / 1_000;
    const bucket = bucketOf(seconds);
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    series.sum += seconds;
  }

  /** @param {string} server a configured one */
  #serverLabel(server) {
    if (this.#servers.size >= MOST_SERVERS && !this.#servers.has(server)) return 'other';
    this.#servers.add(server);
    return server;
  }

  /** Takes all of them out, as counters. @returns {Counts} */
  take() {
    /** @type {Counts} */
    const counts = {};
    for (const [name, { buckets, sum }] of this.#series) {
      const [metric, labels] = name.split('{');
      for (const index of buckets.keys())
        if (buckets[index]) counts[`${metric}_bucket{${labels}le="${BOUNDS[index] ?? '+Inf'}"}`] = buckets[index];
      counts[`${metric}_sum{${labels.slice(0, -1)}}`] = sum;
    }
    this.#series.clear();
    return counts;
  }
}

/** @param {number} seconds */
function bucketOf(seconds) {
  let index = 0;
  while (index < BOUNDS.length && seconds > BOUNDS[index]) index += 1;
  return index;
}

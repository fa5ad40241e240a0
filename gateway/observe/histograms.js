// Histograms as counters: one counter for each bucket, and one for the sum. The registry adds them up, and exposition.js makes them cumulative.
// @ts-check

/** @import { Counts } from '../types.js' */

/** Upper bounds of the buckets in seconds. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MOST_SERVERS = 100; // with a label of their own
const MOST_SERIES = 2_000; // between two flushes

/** @typedef {{ buckets: number[], sum: number, isTaken: boolean }} Series */

export class Histograms {
  /** @type {Map<string, Series>} by metric and labels */
  #series = new Map();
  /** @type {Set<string>} */
  #servers = new Set();

  /** @param {string} metric @param {Record<string, string>} labels from closed sets, except for `server` @param {number} ms */
  observe(metric, labels, ms) {
    add(this.#seriesOf(this.#nameOf(metric, labels)), ms);
  }

  /**
   * A function that observes durations with these labels, without working out their series each time.
   * @param {string} metric
   * @param {Record<string, string>} labels
   * @returns {(ms: number) => void}
   */
  timing(metric, labels) {
    const name = this.#nameOf(metric, labels);
    /** @type {Series | undefined} */
    let series;
    return (ms) => {
      if (!series || series.isTaken) series = this.#seriesOf(name);
      add(series, ms);
    };
  }

  /** @param {string} metric @param {Record<string, string>} labels */
  #nameOf(metric, labels) {
    let name = `${metric}{`;
    for (const label in labels)
      name += `${label}="${label === 'server' ? this.#serverLabel(labels.server) : labels[label]}",`;
    return name;
  }

  /** @param {string} name @returns {Series | undefined} undefined if there are too many */
  #seriesOf(name) {
    const known = this.#series.get(name);
    if (known || this.#series.size >= MOST_SERIES) return known;
    const series = { buckets: [], sum: 0, isTaken: false };
    this.#series.set(name, series);
    return series;
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
    for (const [name, series] of this.#series) {
      const { buckets, sum } = series;
      series.isTaken = true;
      const [metric, labels] = name.split('{');
      for (const index of buckets.keys())
        if (buckets[index]) counts[`${metric}_bucket{${labels}le="${BOUNDS[index] ?? '+Inf'}"}`] = buckets[index];
      counts[`${metric}_sum{${labels.slice(0, -1)}}`] = sum;
    }
    this.#series.clear();
    return counts;
  }
}

/** @param {Series | undefined} series @param {number} ms */
function add(series, ms) {
  if (!series) return;
  const seconds = ms / 1_000;
  const bucket = bucketOf(seconds);
  series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  series.sum += seconds;
}

/** @param {number} seconds */
function bucketOf(seconds) {
  let index = 0;
  while (index < BOUNDS.length && seconds > BOUNDS[index]) index += 1;
  return index;
}

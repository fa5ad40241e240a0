// The sizes and load times of the library's files, measured by the browser.
// @ts-check

import { duration, kilobytes } from './format.js';

/** @param {number} readyAt on the clock of `performance` */
export function weigh(readyAt) {
  const loaded = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource'));
  const files = loaded.filter((entry) => new URL(entry.name).pathname.includes('/pkg/') && entry.startTime < readyAt);
  const wasm = files.find((entry) => new URL(entry.name).pathname.endsWith('.wasm'));
  const code = files.filter((entry) => new URL(entry.name).pathname.endsWith('.js'));
  /** @type {(entries: PerformanceResourceTiming[]) => number} */
  const plain = (entries) => entries.reduce((sum, entry) => sum + entry.decodedBodySize, 0);
  /** @type {(entries: PerformanceResourceTiming[]) => number} */
  const sent = (entries) => entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  if (!wasm?.decodedBodySize) return `Ready ${duration(readyAt)} after the page was opened.`;
  const all = [wasm, ...code];
  const parts = `${kilobytes(wasm.decodedBodySize)} of wasm and ${kilobytes(plain(code))} of JavaScript`;
  const packed = sent(all) < plain(all) ? ` (${kilobytes(sent(all))} over the wire)` : '';
  // The page's HTML requests some of them ahead of its program.
  const asked = Math.min(...all.map((entry) => entry.startTime));
  const took = Math.max(...all.map((entry) => entry.responseEnd)) - asked;
  return `${parts}${packed}, fetched in ${duration(took)} and ready ${duration(readyAt - asked)} after it was requested.`;
}

// The part of the time axis that is visible, in places of the axis (idle-axis.js), and its ticks.
// @ts-check

/** @import { IdleAxis } from './idle-axis.js' */

const shortest = 20; // milliseconds
const usual = 12_000;
const steps = [1, 2, 5];

export class TimeView {
  start = 0;
  end = usual;
  /** Whether the end stays at the newest event. */
  follows = true;
  #first = 0;
  #last = 0;

  /**
   * @param {number} first
   * @param {number} last of all events
   * @param {number} now the right end while something goes on
   * @param {number} [room] the share of the width that is left free behind it
   */
  reach(first, last, now, room = 0.04) {
    // Nothing has happened yet.
    if (!Number.isFinite(last)) return;
    this.#first = first;
    this.#last = Math.max(last, now);
    if (!this.follows) return;
    const span = this.end - this.start;
    this.end = this.#last + span * room;
    this.start = this.end - span;
  }

  /** Shows everything. */
  fit() {
    const span = Math.max(shortest, this.#last - this.#first);
    this.start = this.#first - span * 0.02;
    this.end = this.#last + span * 0.04;
  }

  /** @param {number} factor above 1 shows more @param {number} [share] of the width that stays in place */
  zoom(factor, share = 1) {
    const span = this.end - this.start;
    const most = Math.max(usual, (this.#last - this.#first) * 1.5);
    const next = Math.min(most, Math.max(shortest, span * factor));
    const fixed = this.start + span * share;
    this.start = fixed - next * share;
    this.end = this.start + next;
  }

  /** @param {number} share of the width */
  pan(share) {
    this.follows = false;
    const span = this.end - this.start;
    this.center(this.start + span * (0.5 + share));
  }

  /** @param {number} at */
  center(at) {
    const span = this.end - this.start;
    const middle = Math.min(this.#last, Math.max(this.#first, at));
    this.start = middle - span / 2;
    this.end = this.start + span;
    this.follows = false;
  }

  /** Times of about `count` ticks, and their distance. @param {number} count @param {IdleAxis} axis */
  ticks(count, axis) {
    const rough = (this.end - this.start) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = (steps.find((one) => one * power >= rough) ?? 10) * power;
    /** @type {number[]} */
    const times = [];
    const next = (/** @type {number} */ at) => Math.ceil(at / step) * step;
    const end = axis.time(this.end);
    for (let at = next(axis.time(this.start)); at < end; at += step) {
      const cut = axis.cuts.find(({ from, to }) => from < at && at < to);
      if (cut) at = next(cut.to);
      times.push(at);
    }
    return { times, step };
  }
}

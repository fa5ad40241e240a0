// Maps time to pixels: linear during activity, compressed during waits, cut when idle.
//
// A request takes five milliseconds, and a visitor pauses for ten seconds, so a linear axis would show either dots or empty space. Between two events
// this axis is linear up to a limit and logarithmic beyond it; idle stretches have a fixed width. Stretches that are not linear are labelled with their
// duration.
// @ts-check

const linearPixels = 90; // maximum width of a linear stretch
const octavePixels = 26; // width per doubling beyond it
const idlePixels = 46; // width of an idle stretch
const startPixels = 14;

export class TimeAxis {
  pixelsPerMs = 0.8;
  squeeze = 1; // less than 1: every stretch is narrower, because even the smallest scale is too wide
  /** @type {number[]} */
  #times = [];
  /** @type {boolean[]} */
  #busy = []; // #busy[i]: whether there was activity between times[i - 1] and times[i]
  /** @type {number[]} */
  #xs = [];

  get empty() {
    return this.#times.length === 0;
  }
  get lastTime() {
    return this.#times.at(-1) ?? 0;
  }
  get lastX() {
    return this.#xs.at(-1) ?? startPixels;
  }

  clear() {
    this.#times = [];
    this.#busy = [];
    this.#xs = [];
  }

  /**
   * Registers an event at `time`; returns the later of `time` and the latest known time.
   * @param {number} time
   * @param {boolean} busy
   */
  push(time, busy) {
    if (this.empty) {
      this.#times.push(time);
      this.#busy.push(false);
      this.#xs.push(startPixels);
      return time;
    }
    const last = this.lastTime;
    if (time <= last) return last;
    this.#xs.push(this.lastX + this.#width(time - last, busy));
    this.#times.push(time);
    this.#busy.push(busy);
    return time;
  }

  /**
   * The position of `time`; after the last event, as if there were activity.
   * @param {number} time
   */
  x(time) {
    const times = this.#times;
    if (time <= this.#time(0)) return startPixels;
    if (time >= this.lastTime) return this.lastX + this.#width(time - this.lastTime, true);
    let low = 0;
    let high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#time(middle) <= time) low = middle;
      else high = middle;
    }
    const share = (time - this.#time(low)) / (this.#time(high) - this.#time(low));
    return this.#xAt(low) + share * (this.#xAt(high) - this.#xAt(low));
  }

  /**
   * The visibly nonlinear stretches from the `from`th on: { index, x0, x1, ms, idle, time }.
   * @param {number} [from]
   */
  *stretches(from = 1) {
    for (let i = Math.max(1, from); i < this.#times.length; i += 1) {
      const ms = this.#time(i) - this.#time(i - 1);
      const idle = !this.#busy[i];
      if (ms * this.pixelsPerMs <= (idle ? idlePixels : linearPixels * 1.5)) continue;
      yield { index: i, x0: this.#xAt(i - 1), x1: this.#xAt(i), ms, idle, time: this.#time(i) };
    }
  }

  get length() {
    return this.#times.length;
  }

  /** The width of everything at another scale. @param {number} pixelsPerMs */
  widthAt(pixelsPerMs) {
    const { pixelsPerMs: usual } = this;
    this.pixelsPerMs = pixelsPerMs;
    let width = startPixels;
    for (let i = 1; i < this.#times.length; i += 1)
      width += this.#width(this.#time(i) - this.#time(i - 1), this.#busy[i] ?? false);
    this.pixelsPerMs = usual;
    return width;
  }

  /** @param {number} index */
  #time(index) {
    return this.#times[index] ?? Number.POSITIVE_INFINITY;
  }

  /** @param {number} index */
  #xAt(index) {
    return this.#xs[index] ?? startPixels;
  }

  /** @param {number} ms @param {boolean} busy */
  #width(ms, busy) {
    const linear = ms * this.pixelsPerMs;
    if (!busy) return Math.min(linear, idlePixels) * this.squeeze;
    const wide = linear <= linearPixels ? linear : linearPixels + octavePixels * Math.log2(linear / linearPixels);
    return wide * this.squeeze;
  }
}

// Two lanes with a tick per call and second: the official client above, mcp-tether below. A fault is a line through both.
// @ts-check

import { find } from '../find.js';
import { errorInWords } from './clients.js';

/** @import { CallOutcome } from '../types.js' */

const kept = 40; // ticks; those out of sight are removed
const lateMs = 300; // from here on a call is drawn as waiting
/** @type {Record<string, string>} */
const signs = { open: '', wait: '…', good: '✓', bad: '✗', unknown: '?' };

/** One lane: its sum, and the cells that its calls fill. */
class Lane {
  made = 0;
  answered = 0;
  #sum;

  /** @param {HTMLElement} sum */
  constructor(sum) {
    this.#sum = sum;
  }

  /** @param {HTMLElement} cell @param {Promise<CallOutcome>} coming */
  async fill(cell, coming) {
    this.made += 1;
    paint(cell, 'open');
    const late = setTimeout(() => paint(cell, 'wait'), lateMs);
    const outcome = await coming;
    clearTimeout(late);
    if (outcome.ok) this.answered += 1;
    paint(cell, toneOf(outcome));
    if (outcome.ok && outcome.ms > lateMs) cell.dataset.after = `${(outcome.ms / 1_000).toFixed(1)} s`;
    this.#sum.textContent = `answered ${this.answered} of ${this.made}`;
    this.#sum.toggleAttribute('data-bad', this.answered < this.made);
  }
}

export class Lanes {
  /** @type {Record<'ours' | 'theirs', Lane>} */
  #lanes;
  #ticks;
  #flag = '';

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#ticks = find(host, '.ticks', HTMLElement);
    const lane = (/** @type {string} */ name) => new Lane(find(host, `[data-sum="${name}"]`, HTMLElement));
    this.#lanes = { ours: lane('ours'), theirs: lane('theirs') };
  }

  /** The next tick begins with a line. @param {string} text */
  flag(text) {
    this.#flag = text;
  }

  /** A handshake of ours, at the newest tick. */
  handshake() {
    this.#ticks.lastElementChild?.setAttribute('data-handshake', '');
  }

  /** @param {Promise<CallOutcome>} ours @param {Promise<CallOutcome> | undefined} theirs */
  tick(ours, theirs) {
    const tick = document.createElement('li');
    const [above, below] = [document.createElement('span'), document.createElement('span')];
    tick.append(above, below);
    if (this.#flag) tick.dataset.flag = this.#flag;
    this.#flag = '';
    if (theirs) this.#lanes.theirs.fill(above, theirs);
    this.#lanes.ours.fill(below, ours);
    this.#ticks.append(tick);
    if (this.#ticks.childElementCount > kept) this.#ticks.firstElementChild?.remove();
  }
}

/** @param {CallOutcome} outcome */
function toneOf({ ok, error }) {
  if (ok) return 'good';
  return errorInWords(error) === 'outcome_unknown' ? 'unknown' : 'bad';
}

/** @param {HTMLElement} cell @param {string} tone */
function paint(cell, tone) {
  cell.dataset.tone = tone;
  cell.textContent = signs[tone] ?? '';
}

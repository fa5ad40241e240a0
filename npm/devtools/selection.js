// The selected item of the lanes: its words in the detail, and for screen readers in the content of the canvas.
// @ts-check

import { describe, sentence } from './describe.js';
import { eventFields } from './tables.js';

/** @import { McpManager } from '../index.js' */
/** @import { TraceEvent } from '../devtools.js' */
/** @import { Parts } from './layout.js' */
/** @import { Item, Model } from './model.js' */

/** The item that a key leads to. @type {Record<string, (items: Item[], item: Item) => Item | undefined>} */
const neighbours = {
  ArrowLeft: (items, item) => items[item.n - 1],
  ArrowRight: (items, item) => items[item.n + 1],
  ArrowUp: (items, item) => beside(items, item, -1),
  ArrowDown: (items, item) => beside(items, item, 1),
  Home: ([first]) => first,
  End: (items) => items.at(-1),
};

/** The item of another lane that had begun by then, or else its first. @param {Item[]} items @param {Item} item @param {number} step */
function beside(items, { lane: { index }, start }, step) {
  const there = items.filter(({ lane }) => lane.index === index + step);
  return there.findLast((other) => other.start <= start) ?? there[0];
}

export class Selection {
  /** The index of the selected event. */
  event = -1;
  /** @type {Item | undefined} */
  item;
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.show(undefined, undefined, []);
  }

  /** The item that a key leads to, at first from the newest. @param {Model} model @param {string} key */
  next({ items }, key) {
    const last = items.at(-1);
    const from = this.item ?? last;
    return from && neighbours[key] ? (neighbours[key](items, from) ?? from) : undefined;
  }

  /** @param {TraceEvent | undefined} event @param {Item | undefined} item @param {Item[]} items @param {McpManager} [manager] */
  show(event, item, items, manager) {
    const { detail, canvas, item: option } = this.#parts;
    const lane = item?.lane;
    const session = lane && manager?.getSessionInfo(lane.userId, lane.serverName);
    this.item = item;
    detail.replaceChildren(eventFields(event, item && describe(item, session)));
    option.textContent = item ? sentence(item) : 'Nothing is selected';
    Object.assign(option.dataset, { layer: item?.layer, tone: item?.tone });
    option.ariaPosInSet = item ? String(item.n + 1) : null;
    option.ariaSetSize = item ? String(items.length) : null;
    if (item) canvas.setAttribute('aria-activedescendant', option.id);
    else canvas.removeAttribute('aria-activedescendant');
  }

  /** Whether something has happened to the item since. */
  get isStale() {
    return this.item !== undefined && this.#parts.item.textContent !== sentence(this.item);
  }
}

// The log: a list of which only the visible rows exist. Arrow keys move the selection.
// @ts-check

import { make } from './dom.js';
import { rowHeight } from './style.js';
import { clock, kindOf, summary } from './words.js';

/** @import { TraceEvent } from '../devtools.js' */
/** @import { Parts } from './layout.js' */

const beyond = 4; // rows above and below
const mostRows = 200; // also where the page gives the element no height

/** @type {Record<string, (at: number, length: number, page: number) => number>} */
const moves = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, _length, page) => at + page,
  PageUp: (at, _length, page) => at - page,
  Home: () => 0,
  End: (_at, length) => length - 1,
};

/** Whether the filters let an event through. @param {TraceEvent} event @param {Pick<Parts, 'kind' | 'lane' | 'filter'>} filters */
export function passes(event, { kind, lane, filter }) {
  const who = `${event.userId}@${event.serverName}`;
  if (kind.value !== 'all' && kindOf(event) !== kind.value) return false;
  if (lane.selectedIndex > 0 && lane.value !== who) return false;
  const wanted = filter.value.trim().toLowerCase();
  return !wanted || `${event.type} ${who} ${summary(event)}`.toLowerCase().includes(wanted);
}

export class EventLog {
  /** The indices of the events that pass the filter. @type {number[]} */
  rows = [];
  selected = -1;
  #box;
  #space = make('div', { role: 'presentation' });
  #select;
  /** @type {TraceEvent[]} */
  #events = [];

  /** @param {HTMLElement} box @param {(event: number) => void} select */
  constructor(box, select) {
    this.#box = box;
    this.#select = select;
    box.append(this.#space);
    box.addEventListener('scroll', () => this.draw(this.#events), { passive: true });
    box.addEventListener('keydown', (event) => this.#onKey(event));
    box.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest('.row') : null;
      if (row instanceof HTMLElement) this.#select(Number(row.dataset.event));
    });
  }

  /** Whether the newest row is in sight. */
  get isAtEnd() {
    return this.#box.scrollTop + this.#box.clientHeight >= this.#box.scrollHeight - 2 * rowHeight;
  }

  /** Scrolls a selected event into view. @param {number} event */
  show(event) {
    this.selected = event;
    const row = this.#rowOf(event);
    const { scrollTop, clientHeight } = this.#box;
    const y = row * rowHeight;
    if (row >= 0 && (y < scrollTop || y + rowHeight > scrollTop + clientHeight))
      this.#box.scrollTop = y - clientHeight / 2;
  }

  /** @param {TraceEvent[]} events @param {boolean} [follow] */
  draw(events, follow = false) {
    this.#events = events;
    const height = `${this.rows.length * rowHeight}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
    if (follow) this.#box.scrollTop = this.rows.length * rowHeight;
    const from = Math.max(0, Math.floor(this.#box.scrollTop / rowHeight) - beyond);
    const to = from + Math.min(mostRows, Math.ceil(this.#box.clientHeight / rowHeight)) + 2 * beyond;
    const rows = this.rows.slice(from, to).map((event, i) => this.#row(event, from + i));
    const why = events.length > 0 ? 'No event passes the filters.' : 'No event so far.';
    if (rows.length === 0) rows.push(make('div', { class: 'empty', role: 'option', 'aria-disabled': 'true' }, why));
    this.#space.replaceChildren(...rows);
    const active = this.#rowOf(this.selected);
    if (active >= from && active < to) this.#box.setAttribute('aria-activedescendant', `event-${this.selected}`);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  /** The row of an event, or -1. Rows are in the order of events. @param {number} event */
  #rowOf(event) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle] ?? 0) < event) low = middle + 1;
      else high = middle;
    }
    return this.rows[low] === event ? low : -1;
  }

  /** @param {number} index @param {number} row */
  #row(index, row) {
    const event = this.#events[index];
    if (!event) return '';
    const attributes = {
      class: 'row',
      role: 'option',
      id: `event-${index}`,
      'data-event': String(index),
      'data-kind': kindOf(event),
      'aria-selected': String(index === this.selected),
      'aria-posinset': String(row + 1),
      'aria-setsize': String(this.rows.length),
    };
    const who = `${event.userId}@${event.serverName} `;
    const element = make(
      'div',
      attributes,
      make('time', {}, clock(event.at)),
      make('b', {}, event.type),
      who,
      summary(event),
    );
    element.style.top = `${row * rowHeight}px`;
    return element;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const move = moves[event.key];
    if (!move || this.rows.length === 0) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor(this.#box.clientHeight / rowHeight) - 1);
    const next = move(this.#rowOf(this.selected), this.rows.length, page);
    const index = this.rows[Math.min(this.rows.length - 1, Math.max(0, next))];
    if (index !== undefined) this.#select(index);
  }
}

// <session-timeline>: one lane per session, drawn in SVG from the manager's events, usable by pointer, by keyboard and as a list.
//
// Usage: `timeline.watch(manager.events)`. Left and right move between items, up and down between lanes, plus and minus zoom. `timeline.note(text)`
// flags an action of the visitor on the time axis. `timeline.nextTimer` may be set to a function that returns a session's next timer, shown with
// ongoing items.
// @ts-check

import { capital, duration } from '../format.js';
import { onSessionEvent } from '../session-events.js';
import { describe, sentence } from './describe.js';
import { axisHeight, Drawing, laneHeight } from './drawing.js';
import { neighbours, zoomKeys } from './keys.js';
import { TimelineModel } from './model.js';
import { build } from './picture.js';
import { Rows } from './rows.js';
import { make, set } from './svg.js';
import { TimeAxis } from './time-axis.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */
/** @import { Note } from './drawing.js' */
/** @import { Lane, TimelineEvent, TimelineItem, TimelineParts } from '../types.js' */

/** @type {SessionEvent[]} */
export const eventKinds = [
  'sessionCreated',
  'sessionReused',
  'sessionError',
  'recoveryStarted',
  'recoverySucceeded',
  'recoveryFailed',
  'retryScheduled',
  'sessionExpired',
  'sessionTerminated',
  'stateChanged',
  'requestSent',
  'requestSettled',
  'streamOpened',
  'streamClosed',
  'streamWaiting',
  'toolsChanged',
  'breakerOpened',
  'breakerClosed',
  'outageStarted',
  'outageEnded',
];

const liveRoom = 24; // width of open bands after the last event when idle
const keptEvents = 12_000; // older ones are dropped, a third at a time
const crowd = 24; // with more moving items, drawing slows down to `crowdPace`
const crowdPace = 120; // milliseconds
const listed = 500; // lines of the text list
const scales = [0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];

export class SessionTimeline extends HTMLElement {
  /** @type {(lane: Lane) => string | undefined} */
  nextTimer = () => undefined;
  #axis = new TimeAxis();
  #model = new TimelineModel();
  #rows = new Rows(this.#axis);
  // Both are set when first connected.
  #drawing = /** @type {Drawing} */ (/** @type {unknown} */ (undefined));
  #parts = /** @type {TimelineParts} */ (/** @type {unknown} */ (undefined));
  /** @type {TimelineEvent[]} */
  #events = [];
  /** @type {Note[]} */
  #notes = [];
  /** @type {Set<TimelineItem>} */
  #dirty = new Set();
  /** @type {Set<TimelineItem>} */
  #pending = new Set(); // ongoing items
  /** @type {TimelineItem | undefined} */
  #current; // the item in the tab order
  /** @type {TimelineItem | undefined} */
  #shown; // the item whose details are shown
  #frame = 0; // the scheduled drawing: an animation frame, or a timer before it
  /** @type {ReturnType<typeof setTimeout> | 0} */
  #later = 0;
  #drawnAt = 0;
  #follow = true;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  connectedCallback() {
    if (this.#parts) return;
    this.#parts = build(this);
    this.#drawing = new Drawing(this.#axis, this.#rows, this.#parts);
    this.#listen();
    this.toggleAttribute('data-empty', true);
    new ResizeObserver(() => this.#schedule()).observe(this.#parts.scroll);
    this.#tell(undefined);
    this.#tellScale();
  }

  /**
   * Follows a manager's events from now on.
   * @param {EventTarget} target
   */
  watch(target) {
    for (const kind of eventKinds) onSessionEvent(target, kind, (detail) => this.add(kind, detail));
  }

  /** All drawn events as received: { type, …detail }. */
  get events() {
    return this.#events.map(([type, detail]) => ({ type, ...detail }));
  }

  /** @param {SessionEvent} kind @param {SessionEventDetail} detail */
  add(kind, detail) {
    this.#events.push([kind, detail]);
    if (this.#events.length > keptEvents) {
      this.#events.splice(0, keptEvents / 3);
      this.#rebuild();
    } else {
      this.#fold(kind, detail);
    }
    this.#schedule();
  }

  /** @param {string} text @param {number} [at] */
  note(text, at = Date.now()) {
    if (this.#axis.empty) return;
    const time = this.#axis.push(at, this.#model.busy(at));
    this.#notes.push({ time, text, element: undefined });
    this.#schedule();
  }

  // Folding events in

  /** @param {SessionEvent} kind @param {SessionEventDetail} detail */
  #fold(kind, detail) {
    const at = this.#axis.push(detail.at, this.#model.busy(detail.at));
    for (const item of this.#model.add(kind, at === detail.at ? detail : { ...detail, at })) {
      this.#dirty.add(item);
      if (item.type === 'request') for (const other of this.#rows.place(item)) this.#dirty.add(other);
    }
  }

  #rebuild() {
    this.#drawing.clear();
    this.#model.clear();
    this.#axis.clear();
    this.#rows.clear();
    this.#dirty.clear();
    this.#pending.clear();
    this.#current = undefined;
    this.#shown = undefined;
    const notes = this.#notes;
    this.#notes = [];
    /** @type {(note: Note) => void} */
    const replay = ({ time, text }) => this.note(text, time);
    for (const [kind, detail] of this.#events) {
      for (let note = notes[0]; note && note.time <= detail.at; note = notes[0]) {
        notes.shift();
        replay(note);
      }
      this.#fold(kind, detail);
    }
    notes.forEach(replay);
  }

  // Drawing

  /** Draws in the next frame; with many items less often, because painting takes longer than a frame. */
  #schedule() {
    if (this.#frame) return;
    const rest = this.#dirty.size + this.#pending.size > crowd ? this.#drawnAt + crowdPace - performance.now() : 0;
    if (rest > 0) {
      this.#soon(rest);
      return;
    }
    clearTimeout(this.#later);
    this.#later = 0;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** @param {number} ms */
  #soon(ms) {
    this.#later ||= setTimeout(() => {
      this.#later = 0;
      this.#schedule();
    }, ms);
  }

  #draw() {
    if (this.#axis.empty) return;
    this.#drawnAt = performance.now();
    const { scroll, live } = this.#parts;
    this.toggleAttribute('data-empty', false);
    const now = Date.now();
    const busy = this.#model.busy(now);
    const edge = Math.max(this.#axis.lastX + liveRoom, busy ? this.#axis.x(now) : 0);
    this.#parts.scrolled = scroll.scrollLeft; // read once before writing, to avoid a forced layout

    for (const lane of this.#model.lanes.values()) if (!lane.drawn) this.#drawing.lane(lane);
    this.#drawItems(edge);
    this.#drawing.stretches();
    for (const note of this.#notes) if (!note.element) this.#drawing.note(note);

    const height = axisHeight + this.#model.lanes.size * laneHeight;
    const width = Math.max(scroll.clientWidth, Math.ceil(this.#right(edge)) + 30);
    this.#drawing.resize(width, height);
    live.toggleAttribute('hidden', !busy);
    if (busy) set(live, { x1: edge, x2: edge, y1: axisHeight, y2: height });
    if (this.#follow) scroll.scrollLeft = width;
    this.#drawing.keepCaptionsInSight();
    if (busy) this.#drawAgain();
    if (this.#shown && this.#shown.end === undefined) this.#tell(this.#shown);
    this.#fillList();
  }

  /** @param {number} edge */
  #drawItems(edge) {
    for (const item of this.#pending) this.#dirty.add(item);
    this.#pending.clear();
    let newest;
    for (const item of this.#dirty) {
      const isNew = !this.#drawing.elementOf(item);
      if (!this.#drawing.item(item, edge)) this.#pending.add(item);
      if (isNew) newest = item;
    }
    this.#dirty.clear();
    if (newest) this.#reach(newest);
  }

  /** @param {number} edge */
  #right(edge) {
    let right = Math.max(edge, this.#drawing.captionsEnd);
    for (const item of this.#pending)
      if (item.type === 'wait') right = Math.max(right, this.#axis.x(item.end ?? item.start));
    return right;
  }

  /** During waits, which may take minutes, redraw only at intervals. */
  #drawAgain() {
    if (this.#calm.matches) this.#soon(500);
    else if (this.#model.working) this.#schedule();
    else this.#soon(150);
  }

  /** @param {number} step */
  #zoom(step) {
    const scale = scales[scales.indexOf(this.#axis.pixelsPerMs) + step];
    if (scale !== undefined) this.#axis.squeeze = 1;
    this.#scaleTo(scale);
  }

  /** The largest scale at which everything is in sight, or the smallest, squeezed. */
  #fit() {
    const { scroll } = this.#parts;
    const room = scroll.clientWidth - 2 * liveRoom;
    this.#follow = true;
    this.#axis.squeeze = 1;
    this.#scaleTo(scales.findLast((scale) => this.#axis.widthAt(scale) <= room) ?? scales[0]);
    // Waits and idle times have a width at every scale, and a caption may end after the last event.
    if (scroll.scrollWidth <= scroll.clientWidth) return;
    this.#axis.squeeze = room / (room + scroll.scrollWidth - scroll.clientWidth);
    this.#scaleTo(this.#axis.pixelsPerMs);
  }

  /** @param {number | undefined} scale */
  #scaleTo(scale) {
    if (scale === undefined) return;
    const current = this.#current;
    const hadFocus = this.#parts.svg.contains(document.activeElement);
    this.#axis.pixelsPerMs = scale;
    this.#rebuild();
    this.#tellScale();
    this.#draw();
    const same =
      current &&
      this.#model.items.find(
        (item) => item.type === current.type && item.start === current.start && item.requestId === current.requestId,
      );
    if (same && hadFocus) this.#focus(same);
    else if (same) this.#reach(same);
  }

  #tellScale() {
    this.#parts.scale.textContent = duration(40 / this.#axis.pixelsPerMs);
  }

  // Pointer, keyboard, list

  #listen() {
    const { svg, scroll, buttons, text } = this.#parts;
    /** @type {(event: Event) => TimelineItem | undefined} */
    const itemAt = (event) => this.#drawing.itemOf(event.target);
    svg.addEventListener('pointerover', (event) => {
      const item = itemAt(event);
      if (item) this.#tell(item);
    });
    svg.addEventListener('focusin', (event) => this.#tell(itemAt(event)));
    svg.addEventListener('click', (event) => {
      const item = itemAt(event);
      if (item) this.#focus(item);
    });
    svg.addEventListener('keydown', (event) => this.#onKey(event));
    scroll.addEventListener(
      'scroll',
      () => {
        this.#follow = scroll.scrollLeft + scroll.clientWidth >= scroll.scrollWidth - 30;
        this.#drawing.keepCaptionsInSight();
      },
      { passive: true },
    );
    buttons.addEventListener('click', (event) => {
      const what = event.target instanceof Element ? event.target.closest('button')?.dataset.do : undefined;
      if (what === 'in') this.#zoom(1);
      if (what === 'out') this.#zoom(-1);
      if (what === 'fit') this.#fit();
      if (what === 'latest') {
        this.#follow = true;
        this.#schedule();
        scroll.scrollLeft = scroll.scrollWidth;
      }
    });
    text.addEventListener('toggle', () => this.#fillList());
  }

  /**
   * One item is in the tab order: the newest, until another is visited.
   * @param {TimelineItem} item
   */
  #reach(item) {
    const before = this.#drawing.elementOf(this.#current);
    if (before && before === document.activeElement) return;
    before?.setAttribute('tabindex', '-1');
    this.#current = item;
    this.#drawing.elementOf(item)?.setAttribute('tabindex', '0');
  }

  /** @param {TimelineItem} item */
  #focus(item) {
    const element = this.#drawing.elementOf(item);
    if (!element) return;
    this.#drawing.elementOf(this.#current)?.setAttribute('tabindex', '-1');
    this.#current = item;
    element.setAttribute('tabindex', '0');
    this.#follow = false;
    element.focus({ preventScroll: true });
    const { scroll } = this.#parts;
    const x0 = this.#axis.x(item.start);
    if (x0 < scroll.scrollLeft + 20 || x0 > scroll.scrollLeft + scroll.clientWidth - 40)
      scroll.scrollLeft = x0 - scroll.clientWidth / 2;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const item = this.#drawing.itemOf(event.target);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = zoomKeys[event.key];
    const neighbour = neighbours[event.key];
    if (zoom === undefined && !neighbour) return;
    event.preventDefault();
    if (zoom !== undefined) this.#zoom(zoom);
    const next = neighbour?.(this.#model.items, item);
    if (next) this.#focus(next);
  }

  /**
   * Shows evidence and next timer of one item below the picture, until another item is selected.
   * @param {TimelineItem | undefined} item
   */
  #tell(item) {
    const { detail } = this.#parts;
    this.#shown = item;
    if (!item) {
      detail.textContent = 'Point at a bar, or tab to the timeline and use the arrow keys, to see its details.';
      return;
    }
    const { title, facts } = describe(item);
    const timer = item.end === undefined ? this.nextTimer(item.lane) : undefined;
    const name = make('b');
    name.textContent = `${capital(item.lane.userId)} · ${title}`;
    detail.replaceChildren(
      name,
      ...[...facts, ...(timer ? [timer] : [])].map((fact) => {
        const part = make('span');
        part.textContent = fact;
        return part;
      }),
    );
  }

  #fillList() {
    const { text, list } = this.#parts;
    if (!text.open) return;
    list.replaceChildren(
      ...this.#model.items.slice(-listed).map((item) => {
        const line = make('li');
        line.textContent = sentence(item);
        return line;
      }),
    );
  }
}

customElements.define('session-timeline', SessionTimeline);

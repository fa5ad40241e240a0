// <mcp-tether-devtools>: collects the events of a manager, or those of a trace, and draws them once a frame.
// @ts-check

import { axisHeight, LaneCanvas, laneHeight, MiniMap } from './lanes.js';
import { layout, offerLanes } from './layout.js';
import { EventLog, passes } from './log.js';
import { Model } from './model.js';
import { Selection } from './selection.js';
import { paletteOf, styleSheet } from './style.js';
import { counterTable, sessionTable } from './tables.js';
import { TimeView } from './time-view.js';
import { parseTrace, saveTrace, sessionsOf, traceEvent, traceOf } from './trace.js';
import { eventTypes } from './words.js';

/** @import { McpManager } from '../index.js' */
/** @import { Trace, TraceEvent } from '../devtools.js' */
/** @import { Parts } from './layout.js' */
/** @import { Item } from './model.js' */
/** @typedef {{ manager?: McpManager | undefined, limit?: number }} Early */

// A server that renders pages has no elements, and must be able to import this.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});
const pan = /** @type {Record<string, number>} */ ({ ArrowLeft: -0.15, ArrowRight: 0.15 });
const stillMs = 400; // so long after an event the axis moves on

/** The session of an event or a snapshot. @param {{ userId: string, serverName: string }} one */
const whoOf = ({ userId, serverName }) => `${userId}@${serverName}`;

/**
 * Properties that were set before the element was defined, which hide those of the class.
 * @param {Early} element
 */
function takeEarly(element) {
  /** @type {Early} */
  const early = { ...element };
  delete element.manager;
  return early;
}

export class DevtoolsElement extends Base {
  #early = takeEarly(this);
  limit = this.#early.limit ?? 10_000;
  /** @type {McpManager | undefined} */
  #manager;
  /** @type {McpManager | Trace | undefined} */
  #recorded; // what the events are of
  /** @type {(() => void)[]} */
  #endings = []; // of what lives while the element is in a document
  /** @type {(() => void) | undefined} */
  #unwatch;
  /** @type {Parts | undefined} */
  #parts;
  #model = new Model();
  #view = new TimeView();
  /** @type {TraceEvent[]} */
  #events = [];
  /** @type {Trace['notes']} */
  #notes = [];
  /** @type {Trace | undefined} */
  #loaded;
  /** @type {Selection | undefined} */
  #selection;
  #frame = 0;
  #pause = 0; // the timer before a drawing of what happens
  #drawMs = 0; // how long the latest took
  #stillness = 0; // the timer that draws once more when nothing has happened for a while
  /** @type {LaneCanvas | undefined} */
  #lanes;
  /** @type {MiniMap | undefined} */
  #map;
  /** @type {EventLog | undefined} */
  #log;

  /** @returns {McpManager | undefined} */
  get manager() {
    return this.#manager;
  }

  // React, for example, sets null.
  set manager(/** @type {McpManager | null | undefined} */ given) {
    const manager = given ?? undefined;
    if (this.#unwatch && manager === this.#manager) return;
    this.#unwatch?.();
    this.#manager = manager;
    if (manager) this.#watch(manager);
    this.#schedule();
  }

  /** @returns {Trace} */
  get trace() {
    return this.#loaded && !this.#manager
      ? { ...this.#loaded, events: [...this.#events] }
      : traceOf(this.#events, this.#notes, this.#manager);
  }

  /** @param {unknown} source */
  load(source) {
    const trace = parseTrace(source);
    this.manager = undefined;
    this.clear();
    this.#loaded = this.#recorded = trace;
    this.limit = Math.max(this.limit, trace.events.length);
    const changed = new Set(trace.events.filter(({ type }) => type === 'stateChanged').map(whoOf));
    // The others have been in one state all the time.
    const steady = trace.sessions.filter((session) => !changed.has(whoOf(session)));
    this.#model.begin(steady, trace.events[0]?.at ?? (Date.parse(trace.exportedAt) || Date.now()));
    for (const event of trace.events) this.#add(event);
    this.#notes = trace.notes;
    this.#follow(false);
    this.#reach(this.#model.last);
    this.#view.fit();
  }

  /** @param {string} text @param {number} [at] */
  note(text, at = Date.now()) {
    this.#notes.push({ at, text: String(text).slice(0, 60) });
    if (this.#notes.length > 500) this.#notes.shift();
    this.#schedule();
  }

  /** @param {string} type @param {unknown} detail */
  add(type, detail) {
    this.#add(traceEvent(type, detail));
  }

  clear() {
    this.#events = [];
    this.#notes = [];
    this.#loaded = undefined;
    this.#rebuild();
    this.#beginNow();
    if (this.#parts) offerLanes(this.#parts.lane, this.#model.lanes, true);
  }

  connectedCallback() {
    this.#parts ??= this.#build();
    if (this.#early.manager) this.manager = this.#early.manager;
    this.#early = {};
    this.#listen(this.#parts);
    this.#schedule();
  }

  disconnectedCallback() {
    for (const end of this.#endings.splice(0)) end();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#stillness);
    clearTimeout(this.#pause);
    this.#frame = this.#pause = 0;
    this.#unwatch?.();
  }

  // Events

  /** @param {McpManager} manager */
  #watch(manager) {
    const { events } = manager;
    const heard = (/** @type {{ type: string, detail: unknown }} */ { type, detail }) => this.add(type, detail);
    for (const type of eventTypes) events.addEventListener(type, heard);
    this.#unwatch = () => {
      for (const type of eventTypes) events.removeEventListener(type, heard);
      this.#unwatch = undefined;
      const model = this.#model;
      // Not if the element is only moved.
      queueMicrotask(() => this.#unwatch || model.lose(Date.now()));
    };
    const isOther = this.#recorded && this.#recorded !== manager;
    this.#recorded = manager;
    if (!isOther) return this.#beginNow();
    this.clear();
    this.#follow(true);
  }

  /** Shows the sessions that the manager has, before they have events. */
  #beginNow() {
    this.#model.begin(sessionsOf(this.#manager), Date.now());
    this.#schedule();
  }

  /** @param {TraceEvent} event */
  #add(event) {
    this.#events.push(event);
    if (this.#events.length > this.limit) {
      // A third at a time: each time all lanes are folded again.
      const { at } = this.#events.splice(0, Math.ceil(this.limit / 3)).at(-1) ?? event;
      this.#rebuild(this.#model.statesAt(at), at);
      return;
    }
    const index = this.#events.length - 1;
    this.#model.add(event, index);
    if (this.#passes(event)) this.#log?.rows.push(index);
    this.#scheduleSoon();
  }

  /** @param {Parameters<Model['begin']>[0]} [sessions] as they were before the first event @param {number} [at] */
  #rebuild(sessions = [], at = 0) {
    if (this.#selection) this.#selection.event = -1;
    this.#selection?.show(undefined, undefined, []);
    this.#model = new Model();
    this.#model.begin(sessions, at);
    if (this.#lanes) this.#lanes.model = this.#model;
    this.#events.forEach((event, index) => {
      this.#model.add(event, index);
    });
    this.#filter();
  }

  #filter() {
    if (this.#log) this.#log.rows = [...this.#events.keys()].filter((index) => this.#passes(this.#events[index]));
    this.#schedule();
  }

  /** @param {TraceEvent | undefined} event */
  #passes(event) {
    return event !== undefined && (!this.#parts || passes(event, this.#parts));
  }

  // Parts

  #build() {
    const parts = layout();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styleSheet()];
    root.append(parts.launch, parts.panel);
    this.#lanes = new LaneCanvas(parts.canvas, this.#model, this.#view);
    this.#map = new MiniMap(parts.map);
    this.#log = new EventLog(parts.log, (event) => this.#select(event));
    this.#selection = new Selection(parts);
    this.#wire(parts);
    queueMicrotask(() => this.#filter());
    return parts;
  }

  /** @param {Parts} parts */
  #wire(parts) {
    const { launch, close, panel, filter, kind, lane, fit, follow, clear, save, tabs, scroll } = parts;
    launch.addEventListener('click', () => this.#open(true));
    close.addEventListener('click', () => this.#open(false));
    for (const control of [filter, kind, lane]) control.addEventListener('input', () => this.#filter());
    fit.addEventListener('click', () => this.#fit());
    follow.addEventListener('click', () => this.#follow(!this.#view.follows));
    clear.addEventListener('click', () => this.clear());
    save.addEventListener('click', () => saveTrace(this.trace));
    scroll.addEventListener('scroll', () => this.#schedule(), { passive: true });
    panel.addEventListener('click', ({ target }) => {
      const factor = target instanceof HTMLElement && target.dataset.zoom;
      if (factor) this.#zoom(Number(factor));
    });
    for (const tab of tabs) tab.addEventListener('click', () => this.#show(tab.dataset.tab ?? 'log'));
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.hasAttribute('floating')) this.#open(false);
    });
    this.#wireCanvas(parts);
  }

  /** @param {Parts} parts */
  #wireCanvas({ canvas, map }) {
    canvas.addEventListener('keydown', (event) => this.#onKey(event));
    canvas.addEventListener('click', ({ offsetX, offsetY }) => {
      const item = this.#lanes?.itemAt(offsetX, offsetY);
      if (item) this.#select(item.event, item);
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) < Math.abs(event.deltaY)) return;
        event.preventDefault();
        if (event.ctrlKey) this.#zoom(1.002 ** event.deltaY, this.#lanes?.shareAt(event.offsetX));
        else this.#pan((event.deltaX || event.deltaY) / 1_000);
      },
      { passive: false },
    );
    canvas.addEventListener('pointermove', ({ buttons, movementX }) => {
      if (buttons === 1 && movementX !== 0) this.#pan(-movementX / Math.max(1, canvas.clientWidth));
    });
    const jump = (/** @type {PointerEvent} */ { buttons, offsetX }) => {
      if (buttons !== 1) return;
      const { first, last, axis } = this.#model;
      this.#follow(false);
      this.#view.center(first + (offsetX / map.clientWidth) * (axis.place(last) - first));
    };
    map.addEventListener('pointerdown', jump);
    map.addEventListener('pointermove', jump);
  }

  /** What has to end with the element. @param {Parts} parts */
  #listen({ panel }) {
    const redraw = () => this.#schedule();
    const sizes = new ResizeObserver(redraw);
    sizes.observe(panel);
    this.#endings.push(() => sizes.disconnect());
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      const scheme = matchMedia(query);
      scheme.addEventListener('change', redraw);
      this.#endings.push(() => scheme.removeEventListener('change', redraw));
    }
    // After it was moved within the document.
    if (this.#manager) this.manager = this.#manager;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const actions = {
      '+': () => this.#zoom(0.625),
      '=': () => this.#zoom(0.625),
      '-': () => this.#zoom(1.6),
      f: () => this.#fit(),
      l: () => this.#follow(true),
    };
    const action = actions[event.key];
    const pans = event.shiftKey && pan[event.key];
    const next = this.#selection?.next(this.#model, event.key);
    if (!action && !next) return;
    event.preventDefault();
    action?.();
    if (pans) this.#pan(pans);
    else if (next) this.#select(next.event, next);
  }

  /** @param {boolean} yes */
  #open(yes) {
    this.toggleAttribute('open', yes);
    this.#schedule();
    const { launch, canvas } = this.#parts ?? {};
    (yes ? canvas : launch)?.focus();
  }

  /** @param {string} name */
  #show(name) {
    if (!this.#parts) return;
    this.#parts.body.dataset.tab = name;
    for (const tab of this.#parts.tabs) tab.setAttribute('aria-selected', String(tab.dataset.tab === name));
    this.#schedule();
  }

  /** @param {number} event @param {Item} [item] */
  #select(event, item = this.#model.itemOf(event)) {
    // First what reads the layout, then what changes it.
    this.#log?.show(event);
    if (this.#selection) this.#selection.event = event;
    this.#selection?.show(this.#events[event], item, this.#model.items, this.#manager);
    const at = this.#model.axis.place(item?.start ?? this.#events[event]?.at ?? 0);
    const { start, end } = this.#view;
    if (at < start || at > end) {
      this.#follow(false);
      this.#view.center(at);
    }
    this.#schedule();
  }

  #fit() {
    this.#follow(false);
    this.#view.fit();
  }

  /** @param {number} factor @param {number} [share] */
  #zoom(factor, share = this.#view.follows ? 1 : 0.5) {
    this.#view.zoom(factor, share);
    this.#schedule();
  }

  /** @param {number} share */
  #pan(share) {
    this.#view.pan(share);
    this.#follow(false);
  }

  /** @param {boolean} yes */
  #follow(yes) {
    this.#view.follows = yes;
    this.#parts?.follow.setAttribute('aria-pressed', String(yes));
    this.#schedule();
  }

  // Drawing

  #schedule() {
    if (this.#frame || !this.#parts || !this.isConnected) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** What happens is drawn within a fifth of the time, however much it is: the application has its own work. */
  #scheduleSoon() {
    if (this.#pause) return;
    this.#pause = Number(
      setTimeout(() => {
        this.#pause = 0;
        this.#schedule();
      }, 4 * this.#drawMs),
    );
  }

  #draw() {
    const began = performance.now();
    this.#drawAll();
    this.#drawMs = performance.now() - began;
  }

  #drawAll() {
    const parts = this.#parts;
    if (!parts) return;
    parts.launch.dataset.tone = this.#model.tone;
    if (this.hasAttribute('floating') && !this.hasAttribute('open')) return;
    const now = Date.now();
    const isLive = this.#manager !== undefined && (this.#model.isBusy || now - this.#model.last < stillMs);
    this.#reach(isLive || this.#events.length === 0 ? now : this.#model.last);
    this.#drawLanes(parts);
    if (this.#selection?.isStale && this.#selection.item)
      this.#select(this.#selection.item.event, this.#selection.item);
    const { length } = this.#events;
    parts.count.textContent = `${length.toLocaleString('en')} ${length === 1 ? 'event' : 'events'}`;
    offerLanes(parts.lane, this.#model.lanes);
    if (parts.body.dataset.tab === 'log')
      this.#log?.draw(this.#events, this.#view.follows && (this.#selection?.event ?? -1) < 0);
    else this.#drawTables(parts);
    if (isLive) this.#scheduleSoon();
    clearTimeout(this.#stillness);
    this.#stillness = isLive ? 0 : Number(setTimeout(() => this.#manager && this.#schedule(), 2_000));
  }

  /** @param {number} now */
  #reach(now) {
    const { axis, first, last } = this.#model;
    // What has only begun gets room for its name.
    this.#view.reach(
      axis.place(first),
      axis.place(last),
      axis.place(now),
      this.#events.length === 0 ? 0.25 : undefined,
    );
  }

  /** @param {Parts} parts */
  #drawLanes({ scroll, space, map }) {
    const palette = paletteOf(this.getAttribute('theme'));
    const { clientWidth: width, clientHeight: height, scrollTop } = scroll;
    if (width === 0 || height === 0) return;
    const beyond = Math.max(0, this.#model.lanes.size * laneHeight + axisHeight - height);
    space.style.height = `${beyond}px`;
    this.#lanes?.draw({ width, height, scrollTop, palette, notes: this.#notes, selected: this.#selection?.item });
    this.#map?.draw(this.#events, this.#model, this.#view, { width: map.clientWidth, palette });
  }

  /** @param {Parts} parts */
  #drawTables({ body, tables }) {
    const { sessions, stats, metrics } = this.trace;
    const counters = { ...stats, ...metrics };
    tables.replaceChildren(body.dataset.tab === 'sessions' ? sessionTable(sessions) : counterTable(counters));
  }
}

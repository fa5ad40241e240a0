// <session-timeline>: a lane a session, drawn in SVG from the manager's events, by pointer, by keyboard and as a list.
//
// `timeline.watch(manager.events)` is all it needs. Left and right walk through what happened, up and down change lanes,
// plus and minus zoom. `timeline.note(text)` flags on the time axis what the visitor did; it never draws in a lane.

import { describe, sentence, tone } from './describe.js';
import { capital, duration } from './format.js';
import { TimeAxis } from './time-axis.js';
import { TimelineModel } from './timeline-model.js';

const eventKinds = [
  'sessionCreated', 'sessionReused', 'sessionError', 'recoveryStarted', 'recoverySucceeded', 'recoveryFailed', 'retryScheduled', 'sessionExpired',
  'sessionTerminated', 'stateChanged', 'requestSent', 'requestSettled', 'streamOpened', 'streamClosed', 'toolsChanged', 'breakerOpened', 'breakerClosed',
];

// Heights, shared with timeline.css.
const axisHeight = 34;
const laneHeight = 132;
const band = { y: 8, height: 15 };
const waits = { y: 28, height: 14 };
const requests = { y: 46, height: 58 };
const streams = { listen: { y: 108, height: 4 }, call: { y: 113, height: 3 } };
const captionY = 127;
const captionLetter = 6.5;   // about the width of a letter there
const bandLetter = 6.4;      // and on a band

const narrowest = 5;         // a bar of no duration is still seen and hit
const mostRows = 35;         // bars that overlap in time; more than these share rows
const liveRoom = 24;         // how far open bands reach past the last event while nothing is under way
const keptEvents = 3000;     // older ones are forgotten, a thousand at a time
const scales = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8];

export class SessionTimeline extends HTMLElement {
  #model = new TimelineModel();
  #axis = new TimeAxis();
  #events = [];
  #notes = [];
  #views = new Map();        // item → { element, row, cluster }
  #items = new WeakMap();    // element → item
  #clusters = new Map();     // lane → the cluster of overlapping bars that may still grow
  #dirty = new Set();
  #pending = new Set();      // items whose right end still moves
  #current;                  // the item that the Tab key reaches
  #frame = 0;
  #later = 0;
  #follow = true;
  #drawnStretches = 1;
  #captioned = [];           // views whose captions are kept in sight
  #lastCaption = new Map();  // lane → right end of its last caption
  #calm = matchMedia('(prefers-reduced-motion: reduce)');
  #parts;

  connectedCallback() {
    if (this.#parts) return;
    this.#parts = this.#build();
    this.toggleAttribute('data-empty', true);
    new ResizeObserver(() => this.#schedule()).observe(this.#parts.scroll);
  }

  /** Follows a manager's events from now on. */
  watch(target) {
    for (const kind of eventKinds) target.addEventListener(kind, (event) => this.add(kind, event.detail));
  }

  get eventCount() { return this.#events.length; }

  add(kind, detail) {
    this.#events.push([kind, detail]);
    if (this.#events.length > keptEvents) {
      this.#events.splice(0, 1000);
      this.#rebuild();
    } else {
      this.#fold(kind, detail);
    }
    this.#schedule();
  }

  note(text, at = Date.now()) {
    if (this.#axis.empty) return;
    const time = this.#axis.push(at, this.#model.busy(at));
    this.#notes.push({ time, text, element: undefined });
    this.#schedule();
  }

  // Folding events in

  #fold(kind, detail) {
    const at = this.#axis.push(detail.at, this.#model.busy(detail.at));
    const touched = this.#model.add(kind, at === detail.at ? detail : { ...detail, at });
    for (const item of touched) {
      this.#dirty.add(item);
      if (item.type === 'request') this.#place(item);
    }
  }

  /** Gives a bar its row: the first that is free where it begins. */
  #place(item) {
    const { lane } = item;
    const x0 = this.#axis.x(item.start);
    let view = this.#views.get(item);
    if (!view) {
      let cluster = this.#clusters.get(lane);
      if (!cluster || (cluster.open === 0 && x0 > cluster.end)) {
        cluster = { items: [], rows: [], holders: [], open: 0, end: 0 };
        this.#clusters.set(lane, cluster);
      }
      const replaced = item.replaces && this.#views.get(item.replaces);
      let row = replaced?.cluster === cluster ? replaced.row : cluster.rows.findIndex((freeFrom) => freeFrom <= x0);
      if (row < 0) row = cluster.rows.length < mostRows ? cluster.rows.length : cluster.items.length % mostRows;
      view = { element: undefined, row, cluster, open: true };
      cluster.rows[row] = Infinity;
      cluster.holders[row] = item;
      cluster.items.push(item);
      cluster.open += 1;
      this.#views.set(item, view);
    }
    if (item.end !== undefined && view.open) {
      view.open = false;
      const x1 = Math.max(this.#axis.x(item.end), x0 + narrowest) + 2;
      view.cluster.open -= 1;
      if (view.cluster.holders[view.row] === item) view.cluster.rows[view.row] = x1;
      view.cluster.end = Math.max(view.cluster.end, x1);
    }
    // A new row makes every bar of the cluster thinner.
    for (const other of view.cluster.items) this.#dirty.add(other);
  }

  #rebuild() {
    const { layers } = this.#parts;
    for (const layer of Object.values(layers)) layer.replaceChildren();
    this.#model.clear();
    this.#axis.clear();
    this.#views.clear();
    this.#clusters.clear();
    this.#dirty.clear();
    this.#pending.clear();
    this.#lastCaption.clear();
    this.#captioned.length = 0;
    this.#current = undefined;
    this.#drawnStretches = 1;
    for (const name of this.#parts.lanes.querySelectorAll('.tl-lane-name')) name.remove();
    const notes = this.#notes;
    this.#notes = [];
    for (const [kind, detail] of this.#events) {
      while (notes.length > 0 && notes[0].time <= detail.at) this.#replayNote(notes.shift());
      this.#fold(kind, detail);
    }
    for (const note of notes) this.#replayNote(note);
  }

  #replayNote({ time, text }) {
    if (this.#axis.empty) return;
    this.#notes.push({ time: this.#axis.push(time, this.#model.busy(time)), text, element: undefined });
  }

  // Drawing

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    if (this.#axis.empty) return;
    const { svg, scroll, layers, live } = this.#parts;
    this.toggleAttribute('data-empty', false);
    const now = Date.now();
    const busy = this.#model.busy(now);
    const edge = Math.max(this.#axis.lastX + liveRoom, busy ? this.#axis.x(now) : 0);

    for (const lane of this.#model.lanes.values()) if (!lane.drawn) this.#drawLane(lane);
    for (const item of this.#dirty) this.#drawItem(item, edge);
    for (const item of this.#pending) if (!this.#dirty.has(item)) this.#drawItem(item, edge);
    this.#dirty.clear();
    this.#drawStretches();
    for (const note of this.#notes) if (!note.element) this.#drawNote(note);

    let right = edge;
    for (const { x, text } of this.#lastCaption.values()) right = Math.max(right, x + text.textContent.length * captionLetter - 16);
    for (const item of this.#pending) if (item.type === 'wait') right = Math.max(right, this.#axis.x(item.end));
    const height = axisHeight + this.#model.lanes.size * laneHeight;
    const width = Math.max(scroll.clientWidth, Math.ceil(right) + 30);
    set(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    for (const rule of layers.rules.children) set(rule, { x2: width });
    for (const cut of layers.cuts.querySelectorAll('rect')) set(cut, { height });
    for (const line of layers.notes.querySelectorAll('line')) set(line, { y2: height });
    live.toggleAttribute('hidden', !busy);
    if (busy) set(live, { x1: edge, x2: edge, y1: axisHeight, y2: height });
    if (this.#follow) {
      scroll.scrollLeft = width;
      for (const view of this.#captioned) this.#keepInSight(view);
    }

    if (busy) {
      // Waiting alone is worth a picture now and then; it may last for minutes.
      const pace = this.#calm.matches ? 500 : this.#model.working ? 0 : 150;
      if (pace === 0) this.#schedule();
      else this.#later ||= setTimeout(() => { this.#later = 0; this.#schedule(); }, pace);
    }
    this.#fillList();
  }

  #drawLane(lane) {
    lane.drawn = true;
    const name = make('div', 'tl-lane-name');
    const who = make('b');
    who.textContent = capital(lane.userId);
    const server = make('span');
    server.textContent = lane.serverName;
    name.append(who, server);
    this.#parts.lanes.append(name);
    const y = laneTop(lane) + 0.5;
    this.#parts.layers.rules.append(draw('line', { class: 'tl-rule', x1: 0, x2: 0, y1: y, y2: y }));
  }

  #drawItem(item, edge) {
    const axis = this.#axis;
    const x0 = axis.x(item.start);
    const settled = item.end !== undefined && item.end <= axis.lastTime;
    const x1 = item.end === undefined ? Math.max(edge, x0) : axis.x(item.end);
    if (settled) this.#pending.delete(item); else this.#pending.add(item);

    let view = this.#views.get(item);
    if (!view) this.#views.set(item, view = { element: undefined });
    if (!view.element) {
      view.element = this.#create(item);
      this.#items.set(view.element, item);
      this.#parts.layers[layerOf[item.type]].append(view.element);
      this.#reach(item);
    }
    const top = laneTop(item.lane);
    const width = Math.max(x1 - x0, narrowest);
    if (!view.labelled || settled !== view.settled) {
      view.labelled = true;
      view.settled = settled;
      view.element.setAttribute('aria-label', sentence(item));
    }

    switch (item.type) {
      case 'request': {
        const rows = view.cluster.rows.length;
        const pitch = Math.min(13, requests.height / rows);
        const height = pitch > 5 ? pitch - 2 : pitch * 0.78;
        const y = top + requests.y + (requests.height - rows * pitch) / 2 + view.row * pitch;
        set(view.element, { x: x0, y, width, height, rx: Math.min(3, height / 2), 'data-tone': tone(item) });
        break;
      }
      case 'state':
        set(view.element, { x: x0, y: top + band.y, width: Math.max(x1 - x0, 2), height: band.height });
        this.#caption(view, item.state, x0, x1, top + band.y + 11, 'tl-state-text');
        break;
      case 'wait':
        set(view.element, { x: x0, y: top + waits.y, width, height: waits.height, rx: 3 });
        this.#caption(view, `wait ${duration(item.delayMs ?? 0)}`, x0, x0 + width, top + waits.y + 11, 'tl-wait-text');
        break;
      case 'stream': {
        const place = streams[item.stream] ?? streams.listen;
        set(view.element, { x: x0, y: top + place.y, width: Math.max(x1 - x0, 3), height: place.height, rx: place.height / 2 });
        break;
      }
      case 'generation':
        set(view.element, { d: `M${x0 - 4} ${top + laneHeight - 4}h8l-4-7z` });
        this.#generationCaption(view, item, x0, top);
        break;
      default:
        set(view.element, { d: `M${x0} ${top + band.y - 4}l7 11.5-7 11.5-7-11.5z` });
    }
  }

  #create(item) {
    const common = { class: `tl-item tl-${item.type}`, role: 'img', tabindex: -1 };
    switch (item.type) {
      case 'state': return draw('rect', { ...common, 'data-state': item.state });
      case 'stream': return draw('rect', { ...common, 'data-stream': item.stream });
      case 'generation': return draw('path', common);
      case 'mark': return draw('path', { ...common, 'data-kind': item.kind });
      default: return draw('rect', common);
    }
  }

  /** What is written on a band or a wait stays in sight while any of it is. */
  #caption(view, text, x0, x1, y, className) {
    view.caption = { x0, x1, y };
    if (!view.text) {
      view.text = draw('text', { class: className });
      this.#parts.layers.captions.append(view.text);
      this.#captioned.push(view);
    }
    if (view.text.textContent !== text) view.text.textContent = text;
    this.#keepInSight(view);
  }

  #keepInSight({ text, caption: { x0, x1, y } }) {
    const { scrollLeft } = this.#parts.scroll;
    if (text.hasAttribute('x') && x1 < scrollLeft - 2000) return;
    const x = Math.max(x0, Math.min(scrollLeft, x1));
    const fits = x1 - x > text.textContent.length * bandLetter + 15;
    set(text, { x: x + 10, y, visibility: fits ? 'visible' : 'hidden' });
  }

  #generationCaption(view, item, x, top) {
    if (!view.line) {
      view.line = draw('line', { class: 'tl-generation-line' });
      this.#parts.layers.lines.append(view.line);
      view.text = draw('text', { class: 'tl-generation-text' });
      const id = item.sessionId ? ` · ${item.sessionId.replace(/\.+$/, '')}` : '';
      view.text.textContent = `handshake ${item.generation}${id}`;
      this.#parts.layers.captions.append(view.text);
      const before = this.#lastCaption.get(item.lane);
      if (before && before.x + before.text.textContent.length * captionLetter + 16 > x) set(before.text, { visibility: 'hidden' });
      this.#lastCaption.set(item.lane, { x, text: view.text });
    }
    set(view.line, { x1: x, x2: x, y1: top + band.y + band.height, y2: top + laneHeight - 10 });
    set(view.text, { x: x + 8, y: top + captionY + 1 });
  }

  #drawStretches() {
    for (const stretch of this.#axis.stretches(this.#drawnStretches)) {
      const group = draw('g', {});
      if (stretch.idle) group.append(draw('rect', { class: 'tl-cut', x: stretch.x0 + 8, y: 0, width: Math.max(0, stretch.x1 - stretch.x0 - 16), height: 0 }));
      const text = draw('text', { class: 'tl-cut-text', x: (stretch.x0 + stretch.x1) / 2, y: 29 });
      text.textContent = duration(stretch.ms);
      group.append(text);
      this.#parts.layers.cuts.append(group);
    }
    this.#drawnStretches = this.#axis.length;
  }

  #drawNote(note) {
    const x = this.#axis.x(note.time);
    note.element = draw('g', { class: 'tl-note' });
    const text = draw('text', { x: x + 7, y: 13 });
    text.textContent = note.text;
    note.element.append(
      draw('line', { x1: x, x2: x, y1: 15, y2: axisHeight }),
      draw('path', { d: `M${x - 4} 5h8l-4 8z` }),
      text,
    );
    this.#parts.layers.notes.append(note.element);
  }

  #zoom(step) {
    const index = scales.indexOf(this.#axis.pixelsPerMs) + step;
    if (index < 0 || index >= scales.length) return;
    this.#axis.zoom(scales[index]);
    const current = this.#current;
    const hadFocus = this.#parts.svg.contains(document.activeElement);
    this.#rebuild();
    this.#axisScale();
    this.#draw();
    if (current) {
      const same = this.#model.items.find((item) => item.type === current.type && item.start === current.start && item.requestId === current.requestId);
      if (same) this.#reach(same);
      if (same && hadFocus) this.#focus(same);
    }
  }

  #axisScale() {
    this.#parts.scale.textContent = `${duration(40 / this.#axis.pixelsPerMs)}`;
  }

  // Pointer, keyboard, list

  #reach(item) {
    const before = this.#current && this.#views.get(this.#current)?.element;
    if (before && before === document.activeElement) return;
    before?.setAttribute('tabindex', '-1');
    this.#current = item;
    this.#views.get(item).element.setAttribute('tabindex', '0');
  }

  #focus(item) {
    const element = this.#views.get(item)?.element;
    if (!element) return;
    this.#views.get(this.#current)?.element?.setAttribute('tabindex', '-1');
    this.#current = item;
    element.setAttribute('tabindex', '0');
    this.#follow = false;
    element.focus({ preventScroll: true });
    const { scroll } = this.#parts;
    const x0 = this.#axis.x(item.start);
    if (x0 < scroll.scrollLeft + 20 || x0 > scroll.scrollLeft + scroll.clientWidth - 40) scroll.scrollLeft = x0 - scroll.clientWidth / 2;
  }

  #onKey(event) {
    const item = this.#items.get(event.target);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const { items } = this.#model;
    const index = items.indexOf(item);
    let next;
    switch (event.key) {
      case 'ArrowRight': next = items[index + 1]; break;
      case 'ArrowLeft': next = items[index - 1]; break;
      case 'Home': next = items[0]; break;
      case 'End': next = items.at(-1); break;
      case 'ArrowDown': case 'ArrowUp': {
        const lane = item.lane.index + (event.key === 'ArrowDown' ? 1 : -1);
        next = items.findLast((other) => other.lane.index === lane && other.start <= item.start) ?? items.find((other) => other.lane.index === lane);
        break;
      }
      case '+': case '=': this.#zoom(1); break;
      case '-': this.#zoom(-1); break;
      default: return;
    }
    event.preventDefault();
    if (next) this.#focus(next);
  }

  #show(item) {
    const { detail } = this.#parts;
    detail.replaceChildren();
    if (!item) {
      detail.textContent = 'Point at a bar, or Tab to the timeline and use the arrow keys, to see what it was and what the client saw.';
      return;
    }
    const { title, facts } = describe(item);
    const name = make('b');
    name.textContent = `${capital(item.lane.userId)} · ${title}`;
    detail.append(name);
    for (const fact of facts) {
      const part = make('span');
      part.textContent = fact;
      detail.append(part);
    }
  }

  #fillList() {
    const { text, list } = this.#parts;
    if (!text.open) return;
    const { items } = this.#model;
    list.replaceChildren(...items.slice(-1000).map((item) => {
      const line = make('li');
      line.textContent = sentence(item);
      return line;
    }));
  }

  #build() {
    const told = [...this.childNodes];      // what the page wrote inside: shown under the picture
    const template = document.createElement('template');
    template.innerHTML = `
      <div class="tl-bar">
        <ul class="tl-legend" aria-label="Legend">
          <li>${swatch('tl-request', 'data-tone="good"')}answered</li>
          <li>${swatch('tl-request', 'data-tone="again"')}refused, sent again</li>
          <li>${swatch('tl-request', 'data-tone="bad"')}failed</li>
          <li>${swatch('tl-request', 'data-tone="unknown"')}outcome unknown</li>
          <li>${swatch('tl-wait')}waiting to retry</li>
          <li>${swatch('tl-stream', '', 4)}open stream</li>
        </ul>
        <div class="tl-buttons">
          <button type="button" class="quiet" data-do="out" aria-label="Zoom out">−</button>
          <button type="button" class="quiet" data-do="in" aria-label="Zoom in">+</button>
          <button type="button" class="quiet" data-do="latest">Latest</button>
        </div>
      </div>
      <div class="tl-frame">
        <p class="tl-empty">Nothing has happened yet. Every request, wait and change of state will be drawn here, as it happens.</p>
        <div class="tl-lanes" aria-hidden="true"><p class="tl-scale" title="How long this is where the axis is even">
          <svg width="40" height="9" viewBox="0 0 40 9"><path d="M.5 1v7M.5 4.5h39M39.5 1v7"/></svg><span class="tl-scale-text"></span>
        </p></div>
        <div class="tl-scroll">
          <svg role="group" aria-label="Timeline: arrow keys walk through it, plus and minus zoom" width="10" height="10">
            <defs>
              <pattern id="tl-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="tl-hatch-line" d="M4 0v8"/></pattern>
              <pattern id="tl-unknown" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path class="tl-unknown-line" d="M2.5 0v5"/></pattern>
            </defs>
            <g data-layer="cuts" aria-hidden="true"></g>
            <g data-layer="rules" aria-hidden="true"></g>
            <g data-layer="lines" aria-hidden="true"></g>
            <g data-layer="waits"></g>
            <g data-layer="streams"></g>
            <g data-layer="bands"></g>
            <g data-layer="bars"></g>
            <g data-layer="marks"></g>
            <g data-layer="captions" aria-hidden="true"></g>
            <g data-layer="notes" aria-hidden="true"></g>
            <line class="tl-live" hidden/>
          </svg>
        </div>
      </div>
      <p class="tl-detail"></p>
      <details class="tl-text"><summary>The same as a list</summary><ol tabindex="0" aria-label="Everything on the timeline, oldest first"></ol></details>`;
    this.append(template.content);
    this.querySelector('.tl-detail').after(...told);
    const find = (selector) => this.querySelector(selector);
    const parts = {
      lanes: find('.tl-lanes'), scroll: find('.tl-scroll'), svg: find('.tl-scroll svg'), live: find('.tl-live'),
      detail: find('.tl-detail'), text: find('.tl-text'), list: find('.tl-text ol'), scale: find('.tl-scale-text'),
      layers: Object.fromEntries([...this.querySelectorAll('[data-layer]')].map((layer) => [layer.dataset.layer, layer])),
    };
    this.#parts = parts;

    const { svg, scroll } = parts;
    svg.addEventListener('pointerover', (event) => { const item = this.#items.get(event.target); if (item) this.#show(item); });
    svg.addEventListener('pointerleave', () => this.#show(this.#items.get(document.activeElement)));
    svg.addEventListener('focusin', (event) => this.#show(this.#items.get(event.target)));
    svg.addEventListener('focusout', () => this.#show(undefined));
    svg.addEventListener('click', (event) => { const item = this.#items.get(event.target); if (item) this.#focus(item); });
    svg.addEventListener('keydown', (event) => this.#onKey(event));
    scroll.addEventListener('scroll', () => {
      this.#follow = scroll.scrollLeft + scroll.clientWidth >= scroll.scrollWidth - 30;
      for (const view of this.#captioned) this.#keepInSight(view);
    }, { passive: true });
    find('.tl-buttons').addEventListener('click', (event) => {
      const what = event.target.closest('button')?.dataset.do;
      if (what === 'in') this.#zoom(1);
      if (what === 'out') this.#zoom(-1);
      if (what === 'latest') {
        this.#follow = true;
        this.#schedule();
        scroll.scrollLeft = scroll.scrollWidth;
      }
    });
    parts.text.addEventListener('toggle', () => this.#fillList());
    this.#show(undefined);
    this.#axisScale();
    return parts;
  }
}

const layerOf = { request: 'bars', state: 'bands', wait: 'waits', stream: 'streams', generation: 'marks', mark: 'marks' };

function laneTop(lane) {
  return axisHeight + lane.index * laneHeight;
}

function make(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

function draw(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(element, attributes);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, typeof value === 'number' ? Math.round(value * 100) / 100 : value);
  }
}

function swatch(className, more = '', height = 10) {
  return `<svg width="16" height="12" viewBox="0 0 16 12" aria-hidden="true"><rect class="${className}" ${more} x="1" y="${(12 - height) / 2}" width="14" height="${height}" rx="2"/></svg>`;
}

customElements.define('session-timeline', SessionTimeline);

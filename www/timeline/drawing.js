// Draws the timeline's items in SVG: bars, bands, waits, streams and marks at their positions on the axis, with captions.
// @ts-check

import { capital, duration } from '../format.js';
import { sentence, tone } from './describe.js';
import { draw, make, set } from './svg.js';

/** @import { Lane, LayerName, TimelineItem, TimelineParts } from '../types.js' */
/** @import { Rows } from './rows.js' */
/** @import { TimeAxis } from './time-axis.js' */

/** @typedef {{ x0: number, x1: number, y: number }} Span the space for a caption */
/** @typedef {{ time: number, text: string, element: SVGGElement | undefined }} Note */
/** @typedef {{ element: SVGElement, settled?: boolean, text?: SVGTextElement, line?: SVGLineElement, caption?: Span }} View */

// Heights, shared with timeline.css.
export const axisHeight = 34;
export const laneHeight = 114;
const band = { y: 8, height: 15 };
const waits = { y: 28, height: 14 };
const requests = { y: 45, height: 42 };
const streams = { listen: { y: 90, height: 4 }, call: { y: 95, height: 3 } };
const captionY = 109;
const captionLetter = 6.5; // approximate width of a letter in a caption
const bandLetter = 6.4; // and in a band
const narrowest = 5; // pixels; a bar without duration must be visible and clickable
/** @type {Record<TimelineItem['type'], LayerName>} */
const layerOf = {
  request: 'bars',
  state: 'bands',
  wait: 'waits',
  stream: 'streams',
  generation: 'marks',
  mark: 'marks',
};

export class Drawing {
  #axis;
  #rows;
  #parts;
  /** @type {Map<TimelineItem, View>} */
  #views = new Map(); // item → { element, text, line, caption }
  /** @type {WeakMap<object, TimelineItem>} */
  #items = new WeakMap(); // element → item
  /** @type {View[]} */
  #captioned = []; // views whose captions stay visible
  /** @type {Map<Lane, { x: number, text: SVGTextElement }>} */
  #lastCaption = new Map(); // lane → { x, text } of its last handshake
  #stretches = 1;

  /** @param {TimeAxis} axis @param {Rows} rows @param {TimelineParts} parts */
  constructor(axis, rows, parts) {
    this.#axis = axis;
    this.#rows = rows;
    this.#parts = parts;
  }

  clear() {
    for (const layer of Object.values(this.#parts.layers)) layer.replaceChildren();
    for (const name of this.#parts.lanes.querySelectorAll('.tl-lane-name')) name.remove();
    this.#views.clear();
    this.#lastCaption.clear();
    this.#captioned.length = 0;
    this.#stretches = 1;
  }

  /** @param {TimelineItem | undefined} item */
  elementOf(item) {
    return item && this.#views.get(item)?.element;
  }
  /** @param {EventTarget | null} element */
  itemOf(element) {
    return element ? this.#items.get(element) : undefined;
  }

  /** The right end of the captions. */
  get captionsEnd() {
    let right = 0;
    for (const { x, text } of this.#lastCaption.values())
      right = Math.max(right, x + lengthOf(text) * captionLetter - 16);
    return right;
  }

  /** @param {Lane} lane */
  lane(lane) {
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

  /**
   * Draws or moves an item; `edge` is the right end of ongoing items. Returns whether its right end is final.
   * @param {TimelineItem} item
   * @param {number} edge
   */
  item(item, edge) {
    const axis = this.#axis;
    const x0 = axis.x(item.start);
    const settled = item.end !== undefined && item.end <= axis.lastTime;
    const x1 = item.end === undefined ? Math.max(edge, x0) : axis.x(item.end);
    const view = this.#views.get(item) ?? this.#create(item);
    if (settled !== view.settled) {
      view.settled = settled;
      view.element.setAttribute('aria-label', sentence(item));
    }
    this.#shape(item, view, x0, x1, laneTop(item.lane));
    return settled;
  }

  /** Labels the stretches that are not to scale with their duration. */
  stretches() {
    for (const stretch of this.#axis.stretches(this.#stretches)) {
      const group = draw('g', {});
      if (stretch.idle)
        group.append(
          draw('rect', {
            class: 'tl-cut',
            x: stretch.x0 + 8,
            y: 0,
            width: Math.max(0, stretch.x1 - stretch.x0 - 16),
            height: 0,
          }),
        );
      const text = draw('text', { class: 'tl-cut-text', x: (stretch.x0 + stretch.x1) / 2, y: 29 });
      text.textContent = duration(stretch.ms);
      group.append(text);
      this.#parts.layers.cuts.append(group);
    }
    this.#stretches = this.#axis.length;
  }

  /** @param {Note} note */
  note(note) {
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

  /**
   * Resizes the elements that span the picture.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    const { svg, layers } = this.#parts;
    set(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    for (const rule of layers.rules.children) set(rule, { x2: width });
    for (const cut of layers.cuts.querySelectorAll('rect')) set(cut, { height });
    for (const line of layers.notes.querySelectorAll('line')) set(line, { y2: height });
  }

  /** Keeps captions of partly visible bands and waits in view. */
  keepCaptionsInSight() {
    const { scrollLeft, clientWidth } = this.#parts.scroll;
    for (const view of this.#captioned) {
      if (!view.caption) continue;
      const { x0, x1 } = view.caption;
      if (x1 >= scrollLeft - 2000 && x0 <= scrollLeft + clientWidth + 2000) this.#keepInSight(view, scrollLeft);
    }
    this.#separate(scrollLeft - 2000, scrollLeft + clientWidth + 2000);
  }

  /**
   * Hides captions that would share a place with an earlier one in their row.
   * @param {number} from
   * @param {number} to
   */
  #separate(from, to) {
    /** @type {Map<number, number>} */
    const ends = new Map(); // row → the end of its last caption
    for (const { text, caption } of this.#captioned) {
      if (!text || !caption || caption.x1 < from || caption.x0 > to || text.getAttribute('visibility') === 'hidden')
        continue;
      const x = Number(text.getAttribute('x'));
      if (x < (ends.get(caption.y) ?? 0)) set(text, { visibility: 'hidden' });
      else ends.set(caption.y, x + lengthOf(text) * bandLetter + 6);
    }
  }

  /** @param {TimelineItem} item @returns {View} */
  #create(item) {
    const common = { class: `tl-item tl-${item.type}`, role: 'img', tabindex: -1 };
    const element = draw(item.type === 'generation' || item.type === 'mark' ? 'path' : 'rect', common);
    if (item.type === 'state') element.dataset.state = item.state;
    if (item.type === 'stream') element.dataset.stream = item.stream;
    if (item.type === 'mark') element.dataset.kind = item.kind;
    /** @type {View} */
    const view = { element };
    this.#views.set(item, view);
    this.#items.set(element, item);
    this.#parts.layers[layerOf[item.type]].append(element);
    return view;
  }

  /** @param {TimelineItem} item @param {View} view @param {number} x0 @param {number} x1 @param {number} top */
  #shape(item, view, x0, x1, top) {
    const width = Math.max(x1 - x0, narrowest);
    switch (item.type) {
      case 'request': {
        const { row, rows } = this.#rows.of(item);
        const pitch = Math.min(13, requests.height / rows);
        const height = pitch > 5 ? pitch - 2 : pitch * 0.78;
        const y = top + requests.y + (requests.height - rows * pitch) / 2 + row * pitch;
        set(view.element, { x: x0, y, width, height, rx: Math.min(3, height / 2), 'data-tone': tone(item) });
        break;
      }
      case 'state':
        set(view.element, { x: x0, y: top + band.y, width: Math.max(x1 - x0, 2), height: band.height });
        this.#caption(view, item.state ?? '', { x0, x1, y: top + band.y + 11 }, 'tl-state-text');
        break;
      case 'wait':
        set(view.element, { x: x0, y: top + waits.y, width, height: waits.height, rx: 3 });
        this.#caption(
          view,
          `wait ${duration(item.delayMs ?? 0)}`,
          { x0, x1: x0 + width, y: top + waits.y + 11 },
          'tl-wait-text',
        );
        break;
      case 'stream': {
        const place = streams[item.stream ?? 'listen'];
        set(view.element, {
          x: x0,
          y: top + place.y,
          width: Math.max(x1 - x0, 3),
          height: place.height,
          rx: place.height / 2,
        });
        break;
      }
      case 'generation':
        set(view.element, { d: `M${x0 - 4} ${top + laneHeight - 4}h8l-4-7z` });
        this.#generation(view, item, x0, top);
        break;
      default:
        set(view.element, { d: `M${x0} ${top + band.y - 4}l7 11.5-7 11.5-7-11.5z` });
    }
  }

  /** @param {View} view @param {string} text @param {Span} span @param {string} className */
  #caption(view, text, span, className) {
    view.caption = span;
    if (!view.text) {
      view.text = draw('text', { class: className });
      this.#parts.layers.captions.append(view.text);
      this.#captioned.push(view);
    }
    if (view.text.textContent !== text) view.text.textContent = text;
    this.#keepInSight(view, this.#parts.scrolled ?? 0);
  }

  /** @param {View} view @param {number} scrollLeft */
  #keepInSight({ text, caption }, scrollLeft) {
    if (!text || !caption) return;
    const { x0, x1, y } = caption;
    const x = Math.max(x0, Math.min(scrollLeft, x1));
    const fits = x1 - x > lengthOf(text) * bandLetter + 15;
    set(text, { x: x + 10, y, visibility: fits ? 'visible' : 'hidden' });
  }

  /** @param {View} view @param {TimelineItem} item @param {number} x @param {number} top */
  #generation(view, item, x, top) {
    view.line ??= this.#generationLine();
    if (!view.text) {
      view.text = draw('text', { class: 'tl-generation-text' });
      const id = item.sessionId ? ` · ${item.sessionId.replace(/\.+$/, '')}` : '';
      view.text.textContent = `handshake ${item.generation}${id}`;
      this.#parts.layers.captions.append(view.text);
      const before = this.#lastCaption.get(item.lane);
      if (before && before.x + lengthOf(before.text) * captionLetter + 16 > x)
        set(before.text, { visibility: 'hidden' });
      this.#lastCaption.set(item.lane, { x, text: view.text });
    }
    set(view.line, { x1: x, x2: x, y1: top + band.y + band.height, y2: top + laneHeight - 10 });
    set(view.text, { x: x + 8, y: top + captionY + 1 });
  }

  #generationLine() {
    const line = draw('line', { class: 'tl-generation-line' });
    this.#parts.layers.lines.append(line);
    return line;
  }
}

/** @param {SVGTextElement} text */
function lengthOf(text) {
  return text.textContent?.length ?? 0;
}

/** @param {Lane} lane */
function laneTop(lane) {
  return axisHeight + lane.index * laneHeight;
}

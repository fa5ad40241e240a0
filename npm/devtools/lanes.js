// Draws lanes on a canvas: only those in sight, and of each only what is in the visible part of the time.
// @ts-check

import { canvasFont } from './style.js';
import { clock, duration, kindOf } from './words.js';

/** @import { TraceEvent } from '../devtools.js' */
/** @import { Item, Lane, Model } from './model.js' */
/** @import { Palette } from './style.js' */
/** @import { TimeView } from './time-view.js' */
/** @typedef {{ at: number, text: string }} Note */
/** @typedef {{ width: number, height: number, scrollTop: number, palette: Palette, notes: Note[], selected: Item | undefined }} Frame */

const nameWidth = 118;
export const axisHeight = 36;
export const laneHeight = 66;
const area = { y: 20, height: 28 };
const longestWait = 3_600_000; // milliseconds; that a wait or a stream which began earlier is drawn, is not worth a longer search
const letter = 6.3;

export class LaneCanvas {
  #canvas;
  #model;
  #view;
  /** @type {{ item: Item, x0: number, x1: number, y0: number, y1: number }[]} */
  #drawn = []; // for the pointer
  /** @type {Frame | undefined} */
  #frame;

  /** @param {HTMLCanvasElement} canvas @param {Model} model @param {TimeView} view */
  constructor(canvas, model, view) {
    this.#canvas = canvas;
    this.#model = model;
    this.#view = view;
  }

  /** @param {Model} model */
  set model(model) {
    this.#model = model;
  }

  /** @param {Frame} frame */
  draw(frame) {
    const context = fitted(this.#canvas, frame.width, frame.height);
    if (!context) return;
    this.#frame = frame;
    this.#drawn.length = 0;
    const lanes = [...this.#model.lanes.values()];
    if (lanes.length === 0) {
      context.fillStyle = frame.palette.soft;
      context.font = canvasFont;
      context.fillText('Every request, wait and change of state is drawn here, as it happens.', 10, axisHeight);
      return;
    }
    this.#ticks(context, frame);
    this.#cuts(context, frame);
    const from = Math.floor(frame.scrollTop / laneHeight);
    const to = Math.ceil((frame.scrollTop + frame.height - axisHeight) / laneHeight);
    context.save();
    context.beginPath();
    context.rect(0, axisHeight, frame.width, frame.height);
    context.clip();
    lanes.slice(from, to).forEach((lane, i) => {
      this.#lane(context, frame, lane, axisHeight + (from + i) * laneHeight - frame.scrollTop);
    });
    context.restore();
    this.#notes(context, frame);
  }

  /** The item at a place of the canvas, the nearest within a few pixels. @param {number} x @param {number} y */
  itemAt(x, y) {
    let best;
    let least = 7;
    for (const { item, x0, x1, y0, y1 } of this.#drawn) {
      const away = Math.max(x0 - x, x - x1, 0) + Math.max(y0 - y, y - y1, 0);
      if (away < least) {
        least = away;
        best = item;
      }
    }
    return best;
  }

  /** The share of the axis at a place. @param {number} x */
  shareAt(x) {
    return Math.min(1, Math.max(0, (x - nameWidth) / Math.max(1, (this.#frame?.width ?? 0) - nameWidth)));
  }

  /** @param {number} time @param {Frame} frame */
  #x(time, { width }) {
    const { start, end } = this.#view;
    return nameWidth + ((this.#model.axis.place(time) - start) / (end - start)) * (width - nameWidth);
  }

  /** @param {CanvasRenderingContext2D} context @param {Frame} frame */
  #ticks(context, frame) {
    const { palette, width, height } = frame;
    const { times, step } = this.#view.ticks((width - nameWidth) / 110, this.#model.axis);
    context.font = canvasFont;
    let free = nameWidth;
    for (const at of times) {
      const x = this.#x(at, frame);
      if (x < free) continue;
      free = x + 84;
      rect(context, palette.line, x, 0, 1, height);
      context.fillStyle = palette.soft;
      context.fillText(clock(at, step < 1_000), x + 4, 13);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Lane} lane @param {number} top */
  #lane(context, frame, lane, top) {
    const { palette, width } = frame;
    rect(context, palette.line, 0, top + laneHeight - 1, width, 1);
    context.save();
    context.beginPath();
    context.rect(nameWidth, top, width - nameWidth, laneHeight);
    context.clip();
    this.#states(context, frame, lane, top);
    let free = 0;
    for (const item of this.#visible(lane.waits, longestWait)) free = this.#wait(context, frame, item, top, free);
    this.#requests(context, frame, lane, top);
    let last = 0;
    for (const item of this.#visible(lane.streams, longestWait)) {
      const [x, w] = this.#span(item, frame);
      const isCall = item.about.stream === 'call';
      // Density: what would cover the one before is left out.
      if (isCall && x < last + 1) continue;
      if (isCall) last = x;
      const y = top + (isCall ? 48 : 51);
      rect(context, palette.accent, x, y, w, 2);
      this.#hit(item, frame, context, x, w, y, 2);
    }
    this.#marks(context, frame, lane, top);
    context.restore();
    context.fillStyle = palette.ink;
    context.fillText(cut(lane.userId, nameWidth - 14), 10, top + 18);
    context.fillStyle = palette.soft;
    context.fillText(cut(lane.serverName, nameWidth - 14), 10, top + 34);
  }

  /** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Lane} lane @param {number} top */
  #states(context, frame, lane, top) {
    const { palette } = frame;
    for (const item of this.#visible(lane.states, 0)) {
      const [x, w] = this.#span(item, frame);
      rect(context, palette[/** @type {keyof Palette} */ (item.label)] ?? palette.quiet, x, top + 4, w, 13);
      this.#hit(item, frame, context, x, w, top + 4, 13);
      const from = Math.max(x, nameWidth) + 5;
      if (x + w - from < item.label.length * letter) continue;
      context.fillStyle = palette.paper;
      context.fillText(item.label, from, top + 14);
    }
  }

  /**
   * Returns where the next caption may begin.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Item} item
   * @param {number} top
   * @param {number} free
   */
  #wait(context, frame, item, top, free) {
    const { palette } = frame;
    const [x, w] = this.#span(item, frame);
    context.globalAlpha = 0.28;
    rect(context, palette.wait, x, top + area.y, w, area.height);
    context.globalAlpha = 1;
    this.#hit(item, frame, context, x, w, top + area.y, area.height);
    const text = `wait ${duration(item.end - item.start)}`;
    const from = Math.max(x, nameWidth) + 5;
    const to = from + text.length * letter;
    if (x + w < to + 3 || from < free) return free;
    context.fillStyle = palette.recovering;
    context.fillText(text, from, top + area.y + area.height - 4);
    return to + 8;
  }

  /**
   * Thousands of calls share the height: density, not slabs.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Lane} lane
   * @param {number} top
   */
  #requests(context, frame, lane, top) {
    const items = this.#visible(lane.requests, lane.longest);
    const rows = items.reduce((most, { row }) => Math.max(most, row + 1), 4);
    const pitch = area.height / rows;
    const height = Math.max(1, pitch - (pitch > 3 ? 1.5 : 0));
    for (const item of items) {
      const [x, w] = this.#span(item, frame);
      const y = top + area.y + item.row * pitch;
      rect(context, frame.palette[item.tone], x, y, w, height);
      this.#hit(item, frame, context, x, w, y, height);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Lane} lane @param {number} top */
  #marks(context, frame, lane, top) {
    const y = top + 55;
    const items = this.#visible(lane.marks, 0);
    for (const [i, item] of items.entries()) {
      const x = this.#x(item.start, frame);
      const next = items[i + 1];
      const room = next ? this.#x(next.start, frame) - 6 : Infinity;
      if (next && room < x - 5 && item.tone === next.tone && item !== frame.selected) continue;
      context.fillStyle = frame.palette[item.tone];
      context.beginPath();
      context.moveTo(x, y - 1);
      context.lineTo(x + 4, y + 7);
      context.lineTo(x - 4, y + 7);
      context.fill();
      this.#hit(item, frame, context, x - 4, 8, y - 1, 8);
      const long = item.label.length * letter + 7;
      if (x + long < Math.min(room, frame.width)) context.fillText(item.label, x + 7, y + 7);
    }
  }

  /** Where time is cut out, and how much. @param {CanvasRenderingContext2D} context @param {Frame} frame */
  #cuts(context, frame) {
    for (const { from, to } of this.#model.axis.cuts) {
      const [x0, x1] = [this.#x(from, frame), this.#x(to, frame)];
      if (x1 < nameWidth || x0 > frame.width) continue;
      context.globalAlpha = 0.7;
      const x = Math.max(x0, nameWidth);
      rect(context, frame.palette.line, x, axisHeight, Math.max(1, x1 - x), frame.height);
      context.globalAlpha = 1;
      const text = duration(to - from);
      if (x1 - x < text.length * letter + 4) continue;
      context.fillStyle = frame.palette.soft;
      context.fillText(text, x + 2, frame.height - 4);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {Frame} frame */
  #notes(context, frame) {
    let free = 0;
    for (const { at, text } of frame.notes) {
      const x = this.#x(at, frame);
      if (x < nameWidth || x > frame.width) continue;
      rect(context, frame.palette.bad, x, 0, 1.5, frame.height);
      if (x < free) continue;
      free = x + text.length * letter + 10;
      rect(context, frame.palette.paper, x + 1.5, 18, free - x, 15);
      context.fillStyle = frame.palette.bad;
      context.fillText(text, x + 5, 29);
    }
  }

  /**
   * The items in sight; `longest` is how long one may have lasted that began before.
   * @param {Item[]} items @param {number} longest
   */
  #visible(items, longest) {
    const start = this.#model.axis.time(this.#view.start);
    const end = this.#model.axis.time(this.#view.end);
    const to = firstAfter(items, end);
    let from = firstAfter(items, start - longest);
    // Bands follow each other: the one before may reach into view. Open requests have no length yet.
    while (from > 0 && ((items[from - 1]?.end ?? 0) > start || longest > 0) && to - from < items.length) {
      if ((items[from - 1]?.end ?? 0) <= start && longest > 0) break;
      from -= 1;
    }
    return items.slice(from, to).filter((item) => item.end >= start);
  }

  /** @param {Item} item @param {Frame} frame @returns {[x: number, width: number]} */
  #span({ start, end }, frame) {
    const x = Math.max(this.#x(start, frame), nameWidth - 5);
    const right = Math.min(Number.isFinite(end) ? this.#x(end, frame) : frame.width, frame.width + 5);
    return [x, Math.max(right - x, 2)];
  }

  /**
   * For the pointer; the selected one gets a frame.
   *
   * @param {Item} item
   * @param {Frame} frame
   * @param {CanvasRenderingContext2D} context
   * @param {number} x
   * @param {number} width
   * @param {number} y
   * @param {number} height
   */
  #hit(item, frame, context, x, width, y, height) {
    this.#drawn.push({ item, x0: x, x1: x + width, y0: y, y1: y + height });
    if (item === frame.selected) outline(context, frame.palette.ink, x - 1, y - 1, width + 2, height + 2);
  }
}

/** The whole time as counts of events, and the visible part of it. */
export class MiniMap {
  #canvas;
  #counted = ''; // what the counts are of
  #counts = new Uint32Array();
  #troubles = new Uint8Array();

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /**
   * @param {TraceEvent[]} events
   * @param {Model} model
   * @param {TimeView} view
   * @param {{ width: number, palette: Palette }} frame
   */
  draw(events, { first, last: end, axis }, view, { width, palette }) {
    const last = axis.place(end);
    const height = 26;
    const context = fitted(this.#canvas, width, height);
    if (!context || !Number.isFinite(first)) return;
    const span = Math.max(1, last - first);
    this.#count(events, axis, first, span, Math.max(1, Math.ceil(width / 2)));
    const most = Math.log1p(Math.max(...this.#counts));
    this.#counts.forEach((count, i) => {
      const high = (Math.log1p(count) / most) * (height - 6);
      if (count > 0) rect(context, this.#troubles[i] ? palette.bad : palette.soft, i * 2, height - high, 1.5, high);
    });
    const x0 = ((view.start - first) / span) * width;
    const x1 = ((view.end - first) / span) * width;
    outline(context, palette.accent, Math.max(1, x0), 1, Math.min(width - 1, x1) - Math.max(1, x0), height - 2);
  }

  /** Once for the same events. @param {TraceEvent[]} events @param {Model['axis']} axis @param {number} first @param {number} span @param {number} columns */
  #count(events, axis, first, span, columns) {
    const counted = [events.length, first, span, columns].join();
    if (this.#counted === counted) return;
    this.#counted = counted;
    this.#counts = new Uint32Array(columns);
    this.#troubles = new Uint8Array(columns);
    for (const event of events) {
      const column = Math.min(columns - 1, Math.floor(((axis.place(event.at) - first) / span) * columns));
      this.#counts[column] = (this.#counts[column] ?? 0) + 1;
      if (kindOf(event) === 'trouble') this.#troubles[column] = 1;
    }
  }
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function fitted(canvas, width, height) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) {
    canvas.height = h;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} x @param {number} y @param {number} w @param {number} h */
function rect(context, colour, x, y, w, h) {
  context.fillStyle = colour;
  context.fillRect(x, y, w, h);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} x @param {number} y @param {number} w @param {number} h */
function outline(context, colour, x, y, w, h) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.strokeRect(x, y, w, h);
}

/** @param {string} text @param {number} width */
function cut(text, width) {
  const most = Math.floor(width / letter);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The index of the first item that begins after `time`. @param {Item[]} items @param {number} time */
function firstAfter(items, time) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.start ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The parts of the element, built once.
// @ts-check

import { button, make } from './dom.js';

/** @typedef {ReturnType<typeof controls>} Controls */
/** @typedef {Controls & { panel: HTMLElement }} Parts */

/** @returns {Parts} */
export function layout() {
  const parts = controls();
  return { ...parts, panel: panel(parts) };
}

function controls() {
  const launch = button(' mcp-tether', { class: 'launch', 'aria-label': 'Open the mcp-tether devtools' });
  launch.prepend(make('i'));
  return {
    launch,
    count: make('span', { class: 'count' }),
    filter: make('input', { type: 'search', placeholder: 'Filter events', 'aria-label': 'Filter events' }),
    kind: select('Which events', ['all', 'trouble', 'session', 'traffic']),
    lane: select('Which session', ['all sessions']),
    fit: button('Fit', { title: 'Show everything (f)' }),
    follow: button('Follow', { 'aria-pressed': 'true', title: 'Stay at the newest event (l)' }),
    clear: button('Clear'),
    save: button('Export trace'),
    close: button('×', { class: 'close', 'aria-label': 'Close the devtools' }),
    scroll: make('div', { class: 'scroll' }),
    space: make('div'),
    canvas: make('canvas', {
      role: 'img',
      tabindex: '0',
      'aria-label':
        'Lanes of sessions: left and right move in time, plus and minus zoom, f fits, l follows. The log has the same as text.',
    }),
    map: make('canvas', { 'aria-hidden': 'true' }),
    body: make('div', { class: 'body', 'data-tab': 'log' }),
    log: make('div', { class: 'log', role: 'listbox', tabindex: '0', 'aria-label': 'Events' }),
    detail: make('div', { class: 'detail', role: 'region', 'aria-label': 'The selected event', tabindex: '0' }),
    tables: make('div', { class: 'tables', role: 'region', 'aria-label': 'Sessions and counters', tabindex: '0' }),
    tabs: ['log', 'sessions', 'counters'].map((name) =>
      button(name, { role: 'tab', 'data-tab': name, 'aria-selected': String(name === 'log') }),
    ),
  };
}

/** @param {Controls} parts */
function panel(parts) {
  const {
    count,
    filter,
    kind,
    lane,
    fit,
    follow,
    clear,
    save,
    close,
    scroll,
    canvas,
    space,
    map,
    body,
    log,
    detail,
    tables,
  } = parts;
  const zoomOut = button('−', { 'aria-label': 'Zoom out', 'data-zoom': '1.6' });
  const zoomIn = button('+', { 'aria-label': 'Zoom in', 'data-zoom': '0.625' });
  const title = make('b', {}, 'mcp-tether');
  const gap = make('span', { class: 'gap' });
  const bar = make(
    'div',
    { class: 'bar' },
    ...[title, count, gap, lane, kind, filter, zoomOut, zoomIn, fit, follow, clear, save, close],
  );
  scroll.append(canvas, space);
  body.append(log, detail, tables);
  const tabs = make('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views' }, ...parts.tabs);
  return make(
    'section',
    { class: 'panel', 'aria-label': 'mcp-tether devtools' },
    bar,
    scroll,
    make('div', { class: 'map' }, map),
    tabs,
    body,
  );
}

/** @param {string} label @param {string[]} choices */
function select(label, choices) {
  const options = choices.map((choice) => make('option', { value: choice }, choice));
  return make('select', { 'aria-label': label }, ...options);
}

// The parts of the element, built once.
// @ts-check

import { button, make } from './dom.js';

/** @import { Model } from './model.js' */
/** @typedef {ReturnType<typeof controls>} Controls */
/** @typedef {Controls & { panel: HTMLElement }} Parts */

const tones = [
  ['good', 'answered'],
  ['again', 'sent again'],
  ['bad', 'failed'],
  ['unknown', 'outcome unknown'],
  ['wait', 'waiting'],
  ['accent', 'open stream'],
];

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
      role: 'listbox',
      tabindex: '0',
      'aria-label':
        'Timeline: arrow keys walk through it, with Shift they move it, plus and minus zoom, f fits, l follows',
    }),
    // The content of a canvas is what screen readers have of it.
    item: make('div', { role: 'option', id: 'item', 'aria-selected': 'true' }),
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
  const { scroll, canvas, space, map, body, log, detail, tables } = parts;
  const zoomOut = button('−', { 'aria-label': 'Zoom out', 'data-zoom': '1.6' });
  const zoomIn = button('+', { 'aria-label': 'Zoom in', 'data-zoom': '0.625' });
  const title = make('b', {}, 'mcp-tether');
  const gap = make('span', { class: 'gap' });
  const bar = make(
    'div',
    { class: 'bar' },
    ...[title, parts.count, gap, parts.lane, parts.kind, parts.filter, zoomOut, zoomIn],
    ...[parts.fit, parts.follow, parts.clear, parts.save, parts.close],
  );
  canvas.append(parts.item);
  scroll.append(canvas, space);
  body.append(log, detail, tables);
  const tabs = make('div', { role: 'tablist', 'aria-label': 'Views' }, ...parts.tabs);
  const legend = make(
    'p',
    { class: 'legend' },
    ...tones.map(([tone, text]) => {
      const swatch = make('i');
      swatch.style.background = `var(--${tone})`;
      return make('span', {}, swatch, text);
    }),
  );
  return make(
    'section',
    { class: 'panel', 'aria-label': 'mcp-tether devtools' },
    bar,
    scroll,
    make('div', { class: 'map' }, map),
    make('div', { class: 'tabs' }, tabs, legend),
    body,
  );
}

/** @param {string} label @param {string[]} choices */
function select(label, choices) {
  const options = choices.map((choice) => make('option', { value: choice }, choice));
  return make('select', { 'aria-label': label }, ...options);
}

/** Those that are new become options. @param {HTMLSelectElement} select @param {Model['lanes']} lanes @param {boolean} [isCleared] the others go */
export function offerLanes(select, lanes, isCleared) {
  const { value } = select;
  if (isCleared) select.options.length = 1;
  for (const { userId, serverName } of [...lanes.values()].slice(select.options.length - 1, 1_000)) {
    const name = `${userId}@${serverName}`;
    select.append(make('option', { value: name, selected: name === value }, name));
  }
}

// The timeline's markup: legend, buttons, lane names, drawing layers, and the text list.
// @ts-check

import { find } from '../find.js';

/** @import { LayerName, TimelineParts } from '../types.js' */

/** @type {LayerName[]} */
const layers = ['cuts', 'rules', 'lines', 'waits', 'streams', 'bands', 'bars', 'marks', 'captions', 'notes'];
/** @type {Set<LayerName>} */
const reachable = new Set(['waits', 'streams', 'bands', 'bars', 'marks']); // interactive layers; the rest is decoration

/**
 * Builds the content of `host`, with its original children below the picture. Returns the parts by name.
 * @param {HTMLElement} host
 * @returns {TimelineParts}
 */
export function build(host) {
  const children = [...host.childNodes];
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
        <button type="button" class="quiet" data-do="fit">Fit</button>
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
            <pattern id="tl-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <path class="tl-hatch-line" d="M4 0v8"/>
            </pattern>
            <pattern id="tl-unknown" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
              <path class="tl-unknown-line" d="M2.5 0v5"/>
            </pattern>
          </defs>
          ${layers.map((name) => `<g data-layer="${name}"${reachable.has(name) ? '' : ' aria-hidden="true"'}></g>`).join('')}
          <line class="tl-live" hidden/>
        </svg>
      </div>
    </div>
    <p class="tl-detail"></p>
    <details class="tl-text"><summary>The same as a list</summary><ol tabindex="0" aria-label="Everything on the timeline, oldest first"></ol></details>`;
  host.append(template.content);
  const html = (/** @type {string} */ selector) => find(host, selector, HTMLElement);
  html('.tl-detail').after(...children);
  return {
    lanes: html('.tl-lanes'),
    scroll: html('.tl-scroll'),
    svg: find(host, '.tl-scroll svg', SVGSVGElement),
    live: find(host, '.tl-live', SVGLineElement),
    buttons: html('.tl-buttons'),
    detail: html('.tl-detail'),
    text: find(host, '.tl-text', HTMLDetailsElement),
    list: find(host, '.tl-text ol', HTMLOListElement),
    scale: html('.tl-scale-text'),
    layers: /** @type {Record<LayerName, SVGGElement>} */ (
      Object.fromEntries(layers.map((name) => [name, find(host, `[data-layer="${name}"]`, SVGGElement)]))
    ),
  };
}

/** @param {string} className @param {string} [more] @param {number} [height] */
function swatch(className, more = '', height = 10) {
  const place = `x="1" y="${(12 - height) / 2}" width="14" height="${height}" rx="2"`;
  return `<svg width="16" height="12" viewBox="0 0 16 12" aria-hidden="true"><rect class="${className}" ${more} ${place}/></svg>`;
}

// Devtools for an application: a custom element with the sessions of a manager. Its own entry, which nothing else loads.
// @ts-check

import { DevtoolsElement } from './devtools/element.js';

/** @import { McpManager } from './index.js' */
/** @import { DevtoolsOptions, DevtoolsElement as Declared } from './devtools.js' */

export { parseTrace } from './devtools/trace.js';
export { eventTypes } from './devtools/words.js';

const tag = 'mcp-tether-devtools';

// Not on a server that renders pages. And a page may have two copies of this file.
if (typeof customElements !== 'undefined' && !customElements.get(tag)) customElements.define(tag, DevtoolsElement);

/**
 * @param {McpManager} manager
 * @param {DevtoolsOptions} [options]
 * @returns {Declared}
 */
export function mountDevtools(manager, { target, open = false, theme, limit } = {}) {
  const element = /** @type {DevtoolsElement} */ (document.createElement(tag));
  if (limit !== undefined) element.limit = limit;
  if (theme) element.setAttribute('theme', theme);
  element.toggleAttribute('floating', target === undefined);
  element.toggleAttribute('open', open);
  element.manager = manager;
  (target ?? document.body).append(element);
  return element;
}

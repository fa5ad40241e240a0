// The notice at the top of the page: why no server is available, and how to fix it.
// @ts-check

import { explain } from './errors.js';

/** @import { PageElements } from './elements.js' */

const advice = /** @type {const} */ (['Run ', 'make demo', ' in the project and open the address that it prints.']);

/** @param {PageElements} ui @param {unknown} error */
export function showNotice(ui, error) {
  if (error instanceof Error && error.name === 'NotSetUp') show(ui, error, `${error.message} `, ...advice);
  else show(ui, error, ...explain(error));
}

/**
 * Shown if simulated servers are not available.
 * @param {PageElements} ui
 * @param {Error} error says why
 * @returns {undefined}
 */
export function showServersMissing(ui, error) {
  show(
    ui,
    error,
    `${error.message} `,
    'Without it the simulated servers are unavailable. Enter a real one under “Use another server”, or run ',
    'make demo',
    ' in the project.',
  );
  ui.where.open = true;
  return undefined;
}

/** @param {PageElements} ui @param {unknown} error @param {(string | Node)[]} parts */
function show(ui, error, ...parts) {
  console.info('mcp-tether demo:', error);
  ui.notice.replaceChildren(...parts.map((part) => (part === 'make demo' ? code(part) : part)));
  ui.notice.hidden = false;
  ui.whyConnect.textContent = 'No server is available yet.';
}

/** @param {string} text */
function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}

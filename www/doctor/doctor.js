// The doctor page: an address, one diagnosis from this page, what to fix first. The address, without its query, is in the page's own address.
// @ts-check

import { find } from '../find.js';
import { command, permalink, readAddress, whyOutOfReach } from './address.js';
import { loadDoctor } from './steps.js';
import { View } from './view.js';

/** @import { Doctor } from './steps.js' */

/** Milliseconds for each request: a visitor waits for them. */
const timeout = 4_000;

const form = find(document, '#ask', HTMLFormElement);
const address = find(form, '[name="url"]', HTMLInputElement);
const token = find(form, '[name="token"]', HTMLInputElement);
const problem = find(form, '.problem', HTMLElement);
const check = find(form, '[type="submit"]', HTMLButtonElement);
const again = find(document, '#again', HTMLButtonElement);
const said = find(document, '#said', HTMLElement);
const shell = find(document, '#shell', HTMLElement);
const leftOut = find(document, '#left-out', HTMLElement);
const result = find(document, '#result', HTMLElement);
const view = new View(result);
let isRunning = false;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
again.addEventListener('click', run);
shell.textContent = command(new URL('https://server.example/mcp'), document.baseURI);
copies('#copy-code', () => view.code);
copies('#copy-link', () => permalink(readAddress(address.value), location.href));
copies('#copy-shell', () => shell.textContent ?? '');

const asked = new URLSearchParams(location.search).get('url');
if (asked !== null) {
  address.value = asked;
  // The run puts it back, without what a link must not contain.
  history.replaceState(null, '', location.pathname);
  run();
}

/** One diagnosis at a time. */
async function run() {
  if (isRunning) return;
  const url = readForm();
  if (!url) return;
  setRunning(true);
  try {
    const doctor = await load();
    const headers = token.value.trim() ? { authorization: `Bearer ${token.value.trim()}` } : {};
    const target = { url: url.href, headers: /** @type {Record<string, string>} */ (headers), protocolVersion: 'auto' };
    history.replaceState(null, '', permalink(url, location.href));
    leftOut.hidden = url.search === '';
    const diagnosis = await doctor.diagnose(() => target, { timeout });
    said.textContent = view.show(diagnosis, doctor, location.origin);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
  } finally {
    setRunning(false);
  }
}

/** @returns {URL | undefined} nothing if a page cannot reach it */
function readForm() {
  complain('');
  try {
    const url = readAddress(address.value);
    // Of a command or a configuration, only what is checked stays: the rest may contain a key.
    if (/\s|^\W/.test(address.value.trim())) address.value = url.href;
    if (!/^[\x20-\x7e]*$/.test(token.value)) throw new Error('The token has characters that no header may have.');
    shell.textContent = command(url, document.baseURI);
    complain(whyOutOfReach(url) ?? '');
    return problem.textContent ? undefined : url;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** @param {string} words */
function complain(words) {
  problem.textContent = words;
  address.setAttribute('aria-invalid', String(words !== ''));
  if (words) result.hidden = true;
}

/** The buttons stay enabled, because a disabled one loses the focus. @param {boolean} value */
function setRunning(value) {
  isRunning = value;
  view.busy = value;
  for (const button of [check, again]) button.setAttribute('aria-disabled', String(value));
  check.textContent = value ? 'Checking…' : 'Check';
}

/** @returns {Promise<Doctor>} */
async function load() {
  try {
    return await loadDoctor();
  } catch (cause) {
    throw new Error('The library is not built: run `make build`.', { cause });
  }
}

/** @param {string} selector of a button @param {() => string} text */
function copies(selector, text) {
  const button = find(document, selector, HTMLButtonElement);
  const label = button.textContent ?? '';
  button.addEventListener('click', async () => {
    const done = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    button.textContent = done ? 'Copied' : 'Not allowed';
    setTimeout(() => {
      button.textContent = label;
    }, 2_000);
  });
}

// Shows a trace in the devtools: a dropped or chosen file, or the document that ?trace= names.
// @ts-check

import { find } from './find.js';
import { loadDevtools } from './library.js';

/** @import { DevtoolsElement } from 'mcp-tether/devtools' */

const mostBytes = 50_000_000;
const told = find(document, '#told', HTMLElement);
const drop = find(document, '#drop', HTMLElement);
const file = find(document, '#file', HTMLInputElement);
const devtools = /** @type {DevtoolsElement} */ (find(document, '#devtools', HTMLElement));

/** @param {string} text @param {boolean} [isBad] */
function tell(text, isBad = false) {
  told.textContent = text;
  told.toggleAttribute('data-bad', isBad);
}

/** @param {string} name @param {() => Promise<string>} read */
async function show(name, read) {
  try {
    tell(`Reading ${name}…`);
    const [text] = await Promise.all([read(), loadDevtools()]);
    devtools.load(text);
    const { events, exportedAt } = devtools.trace;
    tell(`${name}: ${events.length.toLocaleString('en')} events${exportedAt && `, exported at ${exportedAt}`}.`);
  } catch (error) {
    tell(`${name}: ${error instanceof Error ? error.message : error}`, true);
  }
}

/** @param {File | undefined} chosen */
function showFile(chosen) {
  if (chosen) show(chosen.name, () => checked(chosen));
}

/** @param {Blob} blob */
function checked(blob) {
  if (blob.size > mostBytes) throw new Error('This file is too large for a trace.');
  return blob.text();
}

/** @param {string} url */
async function fetched(url) {
  const response = await fetch(new URL(url, document.baseURI), { credentials: 'omit' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return checked(await response.blob());
}

file.addEventListener('change', () => showFile(file.files?.[0]));
for (const type of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.toggleAttribute('data-over', type === 'dragover');
    if (event instanceof DragEvent && type === 'drop') showFile(event.dataTransfer?.files[0]);
  });

const named = new URLSearchParams(location.search).get('trace');
if (named) show(named, () => fetched(named));
else loadDevtools().catch(() => tell('The library is not built: run `make build`.', true));

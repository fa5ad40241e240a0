// The script of the page at `/`: fills in the server's name, copies text, and shows live sessions to their user or to the administrator.
// @ts-check

import { servers, sessionsOf } from './requests.js';
import { renderSessions } from './sessions.js';
import { endpointOf, snippetsFor } from './snippets.js';

/** @import { Access } from './snippets.js' */
/** @import { Login } from './requests.js' */

const INTERVAL = 5_000; // milliseconds between two looks at the sessions

const { origin = location.origin, access = 'token', cookie } = document.body.dataset;
const server = /** @type {HTMLInputElement} */ (element('server'));
const login = /** @type {HTMLFormElement} */ (element('login'));
const token = /** @type {HTMLInputElement} */ (element('token'));
const status = element('status');

/** @type {Login | undefined} */
let current; // in memory only
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

server.addEventListener('input', fill);
for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-copy]'))) {
  button.hidden = false;
  button.addEventListener('click', () => copy(button));
}
login.addEventListener('submit', (event) => {
  event.preventDefault();
  const given = token.value.trim();
  token.value = '';
  start(given);
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && current) look(current);
});
// Behind Cloudflare Access the browser has proved who its user is.
if (cookie !== undefined) start(undefined);

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

function fill() {
  const target = { origin, name: server.value.trim() || 'SERVER', access: /** @type {Access} */ (access) };
  element('endpoint').textContent = endpointOf(target);
  for (const { id, text } of snippetsFor(target)) if (text !== undefined) element(id).textContent = text;
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const text = element(button.dataset.copy ?? '');
  try {
    await navigator.clipboard.writeText(text.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Without TLS, or without permission: the text is selected instead.
    getSelection()?.selectAllChildren(text);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2_000);
}

/** @param {string | undefined} given */
async function start(given) {
  stop();
  status.textContent = 'Asking the gateway…';
  try {
    const found = await servers(given);
    offer(found.servers);
    if (!found.isAdmin && !found.hasSessions) {
      status.textContent = 'This gateway has no users, so it lists sessions for its administrator only.';
      return;
    }
    current = { token: given, isAdmin: found.isAdmin };
    await look(current);
  } catch (error) {
    // This one was not asked for.
    status.textContent = given === undefined ? '' : wordsOf(error);
  }
}

function stop() {
  clearTimeout(timer);
  current = undefined;
  element('sessions').replaceChildren();
}

/** @param {string[]} names */
function offer(names) {
  element('servers').replaceChildren(...names.map((name) => new Option(name, name)));
  if (names.length > 0 && !names.includes(server.value)) {
    server.value = names[0];
    fill();
  }
}

/** @param {Login} asked */
async function look(asked) {
  clearTimeout(timer);
  try {
    const page = await sessionsOf(asked);
    if (current !== asked) return;
    renderSessions(element('sessions'), page, asked.isAdmin);
    const count = `${page.sessions.length}${page.cursor ? '+' : ''}`;
    status.textContent = `${count === '1' ? '1 session' : `${count} sessions`}, looked up at ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    if (current !== asked) return;
    status.textContent = wordsOf(error);
    if (error instanceof Error && error.name === 'Final') return;
  }
  if (document.visibilityState === 'visible') timer = setTimeout(() => look(asked), INTERVAL);
}

/** @param {unknown} error */
function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}

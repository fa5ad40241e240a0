// The table of live sessions on the page at `/`.
// @ts-check

/** @import { Session, SessionPage } from './requests.js' */

/** @type {[title: string, isOnlyForAdmin: boolean, text: (session: Session) => string][]} */
const columns = [
  ['Server', false, ({ server }) => server],
  ['User', true, ({ user }) => user ?? ''],
  ['State', false, ({ state }) => state ?? 'open'],
  ['Opened', false, ({ openedAt }) => ago(openedAt)],
  ['Last call', false, ({ lastCallAt }) => ago(lastCallAt)],
  ['Recoveries', false, ({ recoveries }) => String(recoveries ?? 0)],
  ['Handle', false, ({ handle }) => handle.slice(0, 8)],
];

/** @param {HTMLElement} place @param {SessionPage} page @param {boolean} isAdmin */
export function renderSessions(place, { sessions }, isAdmin) {
  if (sessions.length === 0) {
    place.replaceChildren();
    return;
  }
  const shown = columns.filter(([, isOnlyForAdmin]) => isAdmin || !isOnlyForAdmin);
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const [title] of shown) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const session of sessions) {
    const row = body.insertRow();
    for (const [title, , text] of shown) {
      const cell = row.insertCell();
      cell.dataset.title = title; // narrow screens show it before the value
      cell.textContent = text(session);
    }
  }
  place.replaceChildren(table);
}

const units = /** @type {const} */ ([
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]);
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @param {number | undefined} at milliseconds since the Unix epoch */
function ago(at) {
  if (typeof at !== 'number') return '–';
  const since = Math.max(0, Date.now() - at);
  const [unit, size] = units.find(([, millis]) => since >= millis) ?? ['second', 1_000];
  return relative.format(-Math.floor(since / size), unit);
}

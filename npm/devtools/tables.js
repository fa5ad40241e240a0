// Sessions and counters as tables, and the fields of one event.
// @ts-check

import { make } from './dom.js';
import { clock } from './words.js';

/** @import { SessionInfo } from '../index.js' */
/** @import { TraceEvent } from '../devtools.js' */

/** @type {[title: string, read: (session: SessionInfo) => string | number | undefined][]} */
const columns = [
  ['user', ({ userId }) => userId],
  ['server', ({ serverName }) => serverName],
  ['state', ({ state }) => state],
  ['session', ({ sessionId }) => (sessionId ? `${sessionId.slice(0, 8)}…` : '–')],
  ['kind', ({ kind }) => kind],
  ['protocol', ({ protocolVersion }) => protocolVersion],
  ['generation', ({ generation }) => generation],
  ['recoveries', ({ recoveries }) => recoveries],
  ['in flight', ({ inFlight }) => inFlight],
  ['used', ({ lastUsedAt }) => lastUsedAt && clock(lastUsedAt, false)],
  ['expires', ({ expiresAt }) => expiresAt && clock(expiresAt, false)],
];

/** @param {SessionInfo[]} sessions */
export function sessionTable(sessions) {
  if (sessions.length === 0) return make('p', { class: 'empty' }, 'No session.');
  const head = make('tr', {}, ...columns.map(([title]) => make('th', { scope: 'col' }, title)));
  const rows = sessions.map((session) =>
    make('tr', {}, ...columns.map(([, read]) => make('td', {}, String(read(session) ?? '–')))),
  );
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
}

/** @param {Record<string, number>} counters */
export function counterTable(counters) {
  const rows = Object.entries(counters).map(([name, value]) =>
    make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value.toLocaleString('en'))),
  );
  if (rows.length === 0) return make('p', { class: 'empty' }, 'No counters.');
  return make('table', {}, make('tbody', {}, ...rows));
}

/**
 * An item of the lanes in words, then the fields of its latest event.
 *
 * @param {TraceEvent | undefined} event
 * @param {{ title: string, facts: string[] }} [words]
 */
export function eventFields(event, words) {
  if (!event && !words)
    return make('p', { class: 'empty' }, 'Select an event: in the lanes, or in the log with the arrow keys.');
  const fields = Object.entries(event ?? {}).filter(([, value]) => value !== undefined);
  const cells = fields.flatMap(([name, value]) => [
    make('dt', {}, name),
    make('dd', {}, name === 'at' ? clock(Number(value)) : String(value)),
  ]);
  const list = make('dl', {}, ...cells);
  if (!words) return list;
  return make(
    'div',
    {},
    make('p', { class: 'words' }, make('b', {}, words.title), ` ${words.facts.join(' · ')}`),
    list,
  );
}

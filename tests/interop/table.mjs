// docs/interop.md: a table with a row for each server, a column for each step, and why a cell is empty; then the clients
// of the gateway.
import { frameworkSteps, steps } from './matrix.mjs';
import { throughGateway } from './through-gateway.mjs';

const columns = Object.keys(steps);

/** The contents of a peer's cell if every step succeeds. @returns {'yes' | '–'} */
export function expected(peer, step) {
  return peer.missing?.[step] ? '–' : 'yes';
}

/**
 * @typedef {{ peer: import('./peers/index.mjs').Peer, cells: Record<string, string> }} Row a cell is the result of `expected`, or `no`
 */

/**
 * The whole document.
 * @param {Row[]} rows
 * @param {Row[]} frameworkRows
 */
export function render(rows, frameworkRows) {
  const notes = [];
  return `${[
    '# Interop',
    '',
    'The results of `make interop`: this client in Node with real servers, each in a process of its own. The run writes this file.',
    '',
    ...table(rows, columns, notes),
    '',
    ...legend,
    '',
    '## Frameworks and bridges',
    '',
    'The same for servers that are written as the README of a framework shows, and for bridges in front of a server that speaks stdio.',
    '',
    ...table(frameworkRows, frameworkSteps, notes),
    '',
    ...notes.map((text, index) => `${index + 1}. ${text}`),
    '',
    ...throughGateway,
  ].join('\n')}\n`;
}

function table(rows, columns, notes) {
  const head = ['server', 'revision', 'built with', ...columns];
  const lines = rows.map(({ peer, cells }) =>
    line([
      peer.name,
      peer.protocolVersion,
      peer.version(),
      ...columns.map((step) => cells[step] + note(peer, step, cells[step], notes)),
    ]),
  );
  return [line(head), line(head.map(() => '---')), ...lines];
}

const legend = [
  '- **connect**: the kind of session, the revision, and one handshake at the server.',
  '- **list**: tools, resources and prompts.',
  '- **progress**: every step that the tool reports, before its result.',
  '- **notification**: a notification that a tool sends beside its result is delivered.',
  '- **cancel**: the call fails with `cancelled`, the tool is stopped, and the session continues.',
  '- **restart**: the server is killed and started again on its port, between calls and during one. The call is `outcome_unknown` and ran once;',
  '  all others are answered, tools that must not run twice ran once, and each process got one handshake.',
  '- **session lost**: the server forgets the session between two calls; the next one is answered after one handshake, and ran once.',
  '- **terminate**: the server does not know the session any more.',
  '',
  'The executions are read from the servers’ journals, not from the client.',
];

function note(peer, step, cell, notes) {
  const text = peer.missing?.[step];
  if (cell !== '–' || text === undefined) return '';
  if (!notes.includes(text)) notes.push(text);
  return ` (${notes.indexOf(text) + 1})`;
}

const line = (cells) => `| ${cells.join(' | ')} |`;

// The table in docs/interop.md: a row for each server, a column for each step, and why a cell is empty.
import { steps } from './matrix.mjs';

const columns = Object.keys(steps);

/** What a peer's cell says when nothing goes wrong. @returns {'yes' | '–'} */
export function expected(peer, step) {
  return peer.missing?.[step] ? '–' : 'yes';
}

/**
 * The whole document.
 * @param {{ peer: import('./peers/index.mjs').Peer, cells: Record<string, string> }[]} rows a cell is what `expected` says, or `no`
 */
export function render(rows) {
  const notes = [];
  const lines = rows.map(({ peer, cells }) =>
    line([
      peer.name,
      peer.protocolVersion,
      peer.version(),
      ...columns.map((step) => cells[step] + note(peer, step, cells[step], notes)),
    ]),
  );
  return `${[
    '# Interop',
    '',
    'What `make interop` saw: this client in Node with real servers, each in a process of its own. The run writes this file.',
    '',
    line(['server', 'revision', 'built with', ...columns]),
    line(['server', 'revision', 'built with', ...columns].map(() => '---')),
    ...lines,
    '',
    ...notes.map((text, index) => `${index + 1}. ${text}`),
    '',
    ...legend,
  ].join('\n')}\n`;
}

const legend = [
  '- **connect**: the kind of session, the revision, and one handshake at the server.',
  '- **list**: tools, resources and prompts.',
  '- **progress**: every step that the tool tells, before its result.',
  '- **notification**: what a tool sends beside its result is heard.',
  '- **cancel**: the caller is told `cancelled`, the tool is told to stop, and the session goes on.',
  '- **restart**: the server is killed and started again on its port, at rest and under a call. The call is `outcome_unknown` and ran once;',
  '  all others are answered, tools that must not run twice ran once, and each process saw one handshake.',
  '- **session lost**: the server forgets the session between two calls; the next one is answered after one handshake, and ran once.',
  '- **terminate**: the server does not know the session any more.',
  '',
  'What ran and how often is read from journals that the servers keep, not from what the client believes.',
];

function note(peer, step, cell, notes) {
  const text = peer.missing?.[step];
  if (cell !== '–' || text === undefined) return '';
  if (!notes.includes(text)) notes.push(text);
  return ` (${notes.indexOf(text) + 1})`;
}

const line = (cells) => `| ${cells.join(' | ')} |`;

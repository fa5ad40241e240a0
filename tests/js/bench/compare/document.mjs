// The document of the comparisons, docs/compared.md, from the results that `make compare` has measured.

/**
 * @typedef {object} Results
 * @property {string} measured the day
 * @property {Record<string, string>} versions of the clients
 * @property {Record<string, string>[]} rows by the client's name; `comparison` is the title
 */

const groups = [
  { title: 'Sessions, calls and streams', letters: /^[A-QV-Z]/ },
  { title: 'Outages', letters: /^R/ },
  { title: 'In a page', letters: /^[STU]/ },
];

/** @param {Results} results */
export function compareDocument({ measured, versions, rows }) {
  const names = Object.keys(versions);
  const clients = names.map((name) => `${name} is \`${versions[name]}\``).join(', ');
  const tables = groups.map(({ title, letters }) => {
    const own = rows.filter(({ comparison }) => letters.test(comparison));
    return [
      `## ${title}`,
      '',
      `| fault | ${names.join(' | ')} |`,
      `|---|${'---|'.repeat(names.length)}`,
      ...own.map((row) => `| ${[titleOf(row.comparison), ...names.map((name) => row[name])].map(cell).join(' | ')} |`),
    ].join('\n');
  });
  return [
    '# Compared',
    `The official SDK's clients and mcp-tether on the same faults: ${rows.length} comparisons. \`make compare\` measures them and writes this page.\nMeasured on ${measured}.`,
    `${clients}.\nEach client has its defaults, except for the timeout of a call. "Sent" and "ran" are the counts of the server, not of the client. Errors in quotes are the\nmessages of the official clients; words with underscores are [error codes](errors.md). What frameworks make of one restart:\n[Keep your SDK client](clients.md).`,
    ...tables,
    'Each row is a program in `tests/js/bench/compare/`; `tools/compare.sh "503 with"` runs those whose name contains the words.',
  ]
    .join('\n\n')
    .concat('\n');
}

/** The title without the letter that orders it. */
const titleOf = (comparison) => comparison.replace(/^[A-Z]+\d?\. /, '');
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

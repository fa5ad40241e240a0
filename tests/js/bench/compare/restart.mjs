// Calls after one restart of the server, by each framework with its own transport and through mcp-tether; and the README's
// table of them.

import { setTimeout as wait } from 'node:timers/promises';
import { startSdkServer } from '../../servers/sdk-server.mjs';
import { frameworks, versionOf } from './frameworks.mjs';

const patience = 20_000; // for one call

const start = '<!-- calls after a restart: written by `make compare` -->';
const end = '<!-- end of the calls after a restart -->';

/**
 * The number of answered calls of each framework.
 * @param {number} each calls after the restart
 * @returns {Promise<{ own: number, tethered: number }[]>} in the order of the frameworks
 */
export async function measureRestarts(each) {
  const rows = [];
  for (const { name, own, tethered } of frameworks)
    rows.push({
      own: await answeredCalls(`${name}, its own transport`, own, each),
      tethered: await answeredCalls(`${name}, mcp-tether`, tethered, each),
    });
  return rows;
}

async function answeredCalls(title, open, each) {
  let server = await startSdkServer({ mode: 'stateful' });
  const { port } = server;
  const client = await open(server.url);
  try {
    if (!(await isAnswered(client, `${title}, before`)))
      throw new Error(`${title}: no answer before the restart, so what follows would say nothing`);
    await server.close();
    server = await startSdkServer({ mode: 'stateful', port });
    let answered = 0;
    for (let number = 1; number <= each; number += 1) answered += await isAnswered(client, `${title}, call ${number}`);
    return answered;
  } finally {
    await Promise.race([client.close().catch(() => {}), wait(2_000, undefined, { ref: false })]);
    await server.close();
  }
}

/** Whether the tool's answer came, which has the message in it. An error may quote the message, but not the tool's answer. */
async function isAnswered({ echo }, message) {
  const stop = new AbortController();
  const late = wait(patience, undefined, { signal: stop.signal, ref: false }).catch(() => {});
  const outcome = await Promise.race([Promise.resolve(echo(message)).catch(() => undefined), late]);
  stop.abort();
  return Number(outcome !== undefined && !outcome.isError && JSON.stringify(outcome).includes(message));
}

/**
 * The table, with the markers around it.
 * @param {{ own: number, tethered: number }[]} rows in the order of the frameworks
 * @param {number} each
 */
export function restartTable(rows, each) {
  const lines = frameworks.map(({ name, packageName }, index) => {
    const { own, tethered } = rows[index];
    return `| ${name} (\`${packageName}\` ${versionOf(packageName)}) | ${own} of ${each} | ${tethered} of ${each} |`;
  });
  return [
    start,
    '| calls answered after one restart of the server | with its own transport | through mcp-tether |',
    '|---|---|---|',
    ...lines,
    end,
  ].join('\n');
}

/** The table that a document has, with its markers. */
export function tableIn(document) {
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document lacks the lines ${start} and ${end}`);
  return document.slice(from, to + end.length);
}

/** A document with this table instead of its own. */
export function withTable(document, table) {
  return document.replace(tableIn(document), () => table);
}

// The same fault for two clients of one server, and the same two calls after it: what each was told, and what the server counted.

import { paragraph } from '../errors.js';
import { duration } from '../format.js';
import { loadOfficialClient, OfficialClient, shorten } from './official-client.js';

const callsEach = 2;
const ours = 'mcp-tether';
const theirs = 'official';

export class SideBySide {
  #rows;
  #official;
  #of; // the holder beside whom it was opened

  constructor(rows) {
    this.#rows = rows;
  }

  /** Opens a session of the official client beside the holder's. */
  async open({ backend, holder, network, timeline }) {
    if (this.#official && this.#of === holder) return;
    await this.close();
    const module = await loadOfficialClient();
    this.version = module.version;
    const server = backend.servers.find(({ name }) => name === holder.serverName);
    const url = new URL(server.url);
    if (backend.controlUrl) url.searchParams.set('client', theirs);
    const who = { userId: holder.userId, serverName: 'official client' };
    const tell = (kind, detail) => timeline.add(kind, { ...who, ...detail });
    this.#official = await OfficialClient.connect(module, { url, headers: server.headers, fetch: network.fetch, tell });
    this.#of = holder;
  }

  async close() {
    const official = this.#official;
    this.#official = undefined;
    await official?.close();
  }

  /** Breaks the server for both, lets both call, and adds a row. */
  async run(fault, world, { tool, given, breakIt }) {
    await this.open(world);
    const before = await world.counts();
    await breakIt([ours, theirs]);
    const call = () => world.holder.session.callTool({ name: tool.name, arguments: given });
    const [mine, other] = await Promise.all([
      repeat(() => timed(call)),
      repeat(() => this.#official.call(tool.name, given)),
    ]);
    const after = await world.counts();
    // A client that has lost its session keeps failing until its page is reloaded: each row begins as if it was.
    if (other.some(({ ok }) => !ok)) await this.close();
    this.#rows.prepend(
      row(fault.label, [
        { ...summary(mine), counts: difference(before, after, ours) },
        { ...summary(other), counts: difference(before, after, theirs) },
      ]),
    );
    return { mine, other };
  }
}

async function repeat(call) {
  const outcomes = [];
  for (let n = 0; n < callsEach; n += 1) outcomes.push(await call());
  return outcomes;
}

async function timed(call) {
  const began = performance.now();
  const outcome = await call().then(
    (result) => ({ ok: !result.isError }),
    (error) => ({ ok: false, error }),
  );
  return { ...outcome, ms: performance.now() - began };
}

function summary(outcomes) {
  const answered = outcomes.filter(({ ok }) => ok).length;
  const error = outcomes.find((outcome) => outcome.error)?.error;
  return { answered, total: outcomes.length, ms: Math.max(...outcomes.map(({ ms }) => ms)), error };
}

/** What the server counted of one client meanwhile; undefined where nobody counts. */
function difference(before, after, client) {
  const then = before?.clients[client];
  const now = after?.clients[client];
  if (!now) return undefined;
  const grown = (kind, name) => (now[kind][name] ?? 0) - (then?.[kind][name] ?? 0);
  return {
    handshakes: grown('rpc', 'initialize'),
    calls: grown('rpc', 'tools/call'),
    runs: now.runs - (then?.runs ?? 0),
  };
}

function row(label, cells) {
  const element = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = label;
  element.append(
    head,
    ...cells.map((cell, i) => {
      const data = document.createElement('td');
      data.dataset.client = i === 0 ? 'mcp-tether' : 'Official client';
      const verdict = paragraph(`${cell.answered} of ${cell.total} calls answered`);
      verdict.className = 'verdict';
      verdict.dataset.kind = cell.answered === cell.total ? 'good' : 'bad';
      data.append(verdict);
      if (cell.error) data.append(paragraph(wordsOf(cell.error), true));
      if (cell.counts) data.append(paragraph(countsInWords(cell.counts, cell.ms), true));
      return data;
    }),
  );
  return element;
}

function wordsOf(error) {
  return error.name === 'McpError' && typeof error.code === 'string'
    ? `${error.code}: ${shorten(error.message)}`
    : `“${shorten(plain(error.message))}”`;
}

/** The official client quotes the whole body of an answer; the sentence in it is enough. */
function plain(message) {
  return message.replace(/\{.*"message":"([^"]*)".*\}/s, '$1');
}

function countsInWords({ handshakes, calls, runs }, ms) {
  const made = handshakes === 1 ? '1 new handshake' : `${handshakes} new handshakes`;
  return `${handshakes === 0 ? 'No new handshake' : made}, calls sent ${calls}×, tool run ${runs}×, the slower after ${duration(ms)}.`;
}

// One fault for two clients of one server, followed by two calls of each: their results, and the server's counts.
// @ts-check

import { paragraph } from '../errors.js';
import { duration } from '../format.js';
import { uninterrupted } from '../story/interruption.js';
import { loadOfficialClient, OfficialClient, shorten } from './official-client.js';

/** @import { McpError } from 'mcp-tether' */
/** @import { World } from '../world.js' */
/** @import { CallOutcome, Fault, FaultClient, Holder, ServerCounts, Tool, ToolResult } from '../types.js' */

/** @typedef {{ handshakes: number, calls: number, runs: number }} Counted */

const callsEach = 2;
/** @type {FaultClient} */
const ours = 'mcp-tether';
/** @type {FaultClient} */
const theirs = 'official';

export class SideBySide {
  version = '';
  /** Answered and made calls of all rows, as a sentence. */
  sum = '';
  #rows;
  #sums = { mine: 0, other: 0, made: 0 };
  /** @type {OfficialClient | undefined} */
  #official;
  /** @type {Holder | undefined} */
  #of; // the holder for whom it was opened

  /** @param {HTMLElement} rows */
  constructor(rows) {
    this.#rows = rows;
  }

  /**
   * Opens a session of the official client next to the holder's.
   * @param {World} world
   */
  async open({ backend, holder, network, timeline }) {
    if (this.#official && this.#of === holder) return;
    await this.close();
    const module = await loadOfficialClient();
    this.version = module.version;
    const server = backend.servers.find(({ name }) => name === holder.serverName) ?? backend.servers[0];
    const url = new URL(server.url);
    if (backend.controlUrl) url.searchParams.set('client', theirs);
    const who = { userId: holder.userId, serverName: 'official client' };
    /** @type {import('./official-client.js').Emit} */
    const emit = (kind, detail) => timeline.add(kind, { ...who, ...detail });
    this.#official = await OfficialClient.connect(module, { url, headers: server.headers, fetch: network.fetch, emit });
    this.#of = holder;
  }

  async close() {
    const official = this.#official;
    this.#official = undefined;
    await official?.close();
  }

  /**
   * Causes a fault for both clients, lets both call, and adds a row.
   * @param {Fault} fault
   * @param {World} world
   * @param {{ tool: Tool, given: Record<string, unknown>, breakIt: (clients: FaultClient[]) => Promise<void> }} how
   */
  async run(fault, world, how) {
    try {
      return await uninterrupted({}, (signal) => this.#run(fault, world, { ...how, signal }));
    } catch (error) {
      // Its pending calls would end in the next row.
      await this.close();
      throw error;
    }
  }

  /**
   * @param {Fault} fault
   * @param {World} world
   * @param {Parameters<SideBySide['run']>[2] & { signal: AbortSignal }} how
   */
  async #run(fault, world, { tool, given, breakIt, signal }) {
    await this.open(world);
    const before = await world.counts();
    await breakIt([ours, theirs]);
    const { session } = world.holder;
    const official = this.#official;
    if (!session || !official) throw new Error('no session is open');
    const call = () => session.callTool({ name: tool.name, arguments: given });
    const [mine, other] = await Promise.all([repeat(() => timed(call)), repeat(() => official.call(tool.name, given))]);
    const after = await world.counts();
    signal.throwIfAborted();
    // A client that has lost its session fails until the page is reloaded, so each row begins with a new one.
    if (other.some(({ ok }) => !ok)) await this.close();
    this.#rows.prepend(
      row(fault.label, [
        { ...summary(mine), counts: difference(before, after, ours) },
        { ...summary(other), counts: difference(before, after, theirs) },
      ]),
    );
    this.#add(mine, other);
    return { mine, other };
  }

  /** @param {CallOutcome[]} mine @param {CallOutcome[]} other */
  #add(mine, other) {
    const answered = (/** @type {CallOutcome[]} */ outcomes) => outcomes.filter(({ ok }) => ok).length;
    const sums = this.#sums;
    sums.mine += answered(mine);
    sums.other += answered(other);
    sums.made += mine.length;
    this.sum = `In all: ${sums.mine} of ${sums.made} calls answered, with the official client ${sums.other} of ${sums.made}.`;
  }
}

/** @param {() => Promise<CallOutcome>} call */
async function repeat(call) {
  /** @type {CallOutcome[]} */
  const outcomes = [];
  for (let n = 0; n < callsEach; n += 1) outcomes.push(await call());
  return outcomes;
}

/** @param {() => Promise<ToolResult>} call @returns {Promise<CallOutcome>} */
async function timed(call) {
  const began = performance.now();
  const since = () => performance.now() - began;
  try {
    return { ok: !(await call()).isError, ms: since() };
  } catch (error) {
    return { ok: false, error, ms: since() };
  }
}

/** @param {CallOutcome[]} outcomes */
function summary(outcomes) {
  const answered = outcomes.filter(({ ok }) => ok).length;
  const error = outcomes.find((outcome) => outcome.error)?.error;
  return { answered, total: outcomes.length, ms: Math.max(...outcomes.map(({ ms }) => ms)), error };
}

/**
 * The increase of the server's counts for one client; undefined without counts.
 * @param {ServerCounts | undefined} before
 * @param {ServerCounts | undefined} after
 * @param {FaultClient} client
 * @returns {Counted | undefined}
 */
export function difference(before, after, client) {
  const then = before?.clients[client];
  const now = after?.clients[client];
  if (!now) return undefined;
  /** @type {(kind: 'http' | 'rpc', name: string) => number} */
  const grown = (kind, name) => (now[kind][name] ?? 0) - (then?.[kind][name] ?? 0);
  return {
    handshakes: grown('rpc', 'initialize'),
    calls: grown('rpc', 'tools/call'),
    runs: now.runs - (then?.runs ?? 0),
  };
}

/** @param {string} label @param {(ReturnType<typeof summary> & { counts: Counted | undefined })[]} cells */
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

/** @param {unknown} thrown */
function wordsOf(thrown) {
  const error = /** @type {Partial<McpError> & Error} */ (thrown);
  return error.name === 'McpError' && typeof error.code === 'string'
    ? `${error.code}: ${shorten(error.message)}`
    : `“${shorten(plain(error.message))}”`;
}

/**
 * The official client quotes the complete body of a response; this extracts its message.
 * @param {string} message
 */
function plain(message) {
  return message.replace(/\{.*"message":"([^"]*)".*\}/s, '$1');
}

/** @param {Counted} counted @param {number} ms */
function countsInWords({ handshakes, calls, runs }, ms) {
  const made = handshakes === 1 ? '1 new handshake' : `${handshakes} new handshakes`;
  return `${handshakes === 0 ? 'No new handshake' : made}, calls sent ${calls}×, tool run ${runs}×, slower result after ${duration(ms)}.`;
}

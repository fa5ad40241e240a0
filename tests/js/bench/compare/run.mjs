// Runs a comparison with every client, within a time limit, and never reports a failure of the comparison as one of the
// client.
import { setTimeout as wait } from 'node:timers/promises';
import { startFaultServer } from '../../servers/fault-server.mjs';
import { faults as legacyFaults } from '../../servers/faults/index.mjs';
import { clients } from './clients.mjs';
import { faults } from './faults.mjs';

/**
 * One comparison. It has a fault of the fault server, with `run`; or it does everything itself, with `perform`.
 * @typedef {object} Comparison
 * @property {string} name
 * @property {string} [fault]
 * @property {object} [settings] of the fault
 * @property {number} [timeout] of a call, 5 s when left out
 * @property {object} [headers]
 * @property {boolean} [connects] `run` opens the session itself
 * @property {boolean} [atOnce] it mostly waits: the clients run it in parallel, each with a server of its own
 * @property {boolean} [page] it needs Chromium
 * @property {number} [limit] milliseconds for one client, 30 s when left out
 * @property {string} [only] the one client that supports it; `why` is the reason
 * @property {string} [why]
 * @property {(world: object) => Promise<string>} [run]
 * @property {(client: string, tools: { chromium: () => Promise<object> }) => Promise<string>} [perform]
 */

export const names = Object.keys(clients);

/**
 * The results by the client's name.
 * @param {Comparison} comparison
 * @param {{ chromium: () => Promise<object> }} tools
 */
export async function runComparison(comparison, tools) {
  const seen = {};
  const one = async (name) =>
    (seen[name] = await within(comparison.limit ?? 30_000, () => perform(comparison, name, tools)));
  if (comparison.atOnce) await Promise.all(names.map(one));
  else for (const name of names) await one(name);
  return seen;
}

async function perform(comparison, name, tools) {
  if (comparison.only && comparison.only !== name) return `not run: ${comparison.why}`;
  if (comparison.page) {
    const missing = await tools.chromium().then(
      () => undefined,
      (error) => error,
    );
    if (missing) return `NOT RUN: Chromium did not start (${firstLine(missing)})`;
  }
  return comparison.perform ? comparison.perform(name, tools) : onFaultServer(comparison, clients[name]);
}

async function onFaultServer(comparison, open) {
  const server = await startFaultServer({ faults: { ...legacyFaults, ...faults } });
  const path = `/${comparison.fault}/compare`;
  const url = server.url(path, comparison.settings);
  const connect = () => open(url, { timeout: comparison.timeout ?? 5_000, headers: comparison.headers });
  let client;
  try {
    client = comparison.connects ? undefined : await connect();
    return await comparison.run({
      client,
      connect,
      server,
      path,
      counts: () => server.counts(path),
      forget: () => server.forget(path),
    });
  } finally {
    await client?.close().catch(() => {});
    await server.close();
  }
}

async function within(limit, work) {
  const stop = new AbortController();
  const late = wait(limit, `NOT FINISHED after ${limit / 1_000} s`, { signal: stop.signal, ref: false }).catch(
    () => undefined,
  );
  const outcome = await Promise.race([work().catch((error) => `FAILED: ${firstLine(error)}`), late]);
  stop.abort();
  return outcome;
}

const firstLine = (error) => String(error?.message ?? error).split('\n')[0];

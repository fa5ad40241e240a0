// Performs a probe with every client, within a time limit, and never lets a failure of the probe look like one of the client.
import { setTimeout as wait } from 'node:timers/promises';
import { startFaultServer } from '../../servers/fault-server.mjs';
import { faults as legacyFaults } from '../../servers/faults/index.mjs';
import { clients } from './clients.mjs';
import { faults } from './faults.mjs';

/**
 * One thing that is compared. It has a fault of the fault server, with `run`; or it does everything itself, with `perform`.
 * @typedef {object} Probe
 * @property {string} name
 * @property {string} [fault]
 * @property {object} [settings] of the fault
 * @property {number} [timeout] of a call, 5 s when left out
 * @property {object} [headers]
 * @property {boolean} [connects] `run` opens the session itself
 * @property {boolean} [atOnce] it is mostly waiting: the clients take it side by side, each with a server of its own
 * @property {boolean} [page] it needs Chromium
 * @property {number} [limit] milliseconds for one client, 30 s when left out
 * @property {string} [only] the one client that can take it; `why` says why the others cannot
 * @property {string} [why]
 * @property {(world: object) => Promise<string>} [run]
 * @property {(client: string, tools: { chromium: () => Promise<object> }) => Promise<string>} [perform]
 */

export const names = Object.keys(clients);

/**
 * What was seen with each client, by its name.
 * @param {Probe} probe
 * @param {{ chromium: () => Promise<object> }} tools
 */
export async function runProbe(probe, tools) {
  const seen = {};
  const one = async (name) => (seen[name] = await within(probe.limit ?? 30_000, () => perform(probe, name, tools)));
  if (probe.atOnce) await Promise.all(names.map(one));
  else for (const name of names) await one(name);
  return seen;
}

async function perform(probe, name, tools) {
  if (probe.only && probe.only !== name) return `not run: ${probe.why}`;
  if (probe.page) {
    const missing = await tools.chromium().then(
      () => undefined,
      (error) => error,
    );
    if (missing) return `NOT RUN: Chromium did not start (${firstLine(missing)})`;
  }
  return probe.perform ? probe.perform(name, tools) : onFaultServer(probe, clients[name]);
}

async function onFaultServer(probe, open) {
  const server = await startFaultServer({ faults: { ...legacyFaults, ...faults } });
  const path = `/${probe.fault}/compare`;
  const url = server.url(path, probe.settings);
  const connect = () => open(url, { timeout: probe.timeout ?? 5_000, headers: probe.headers });
  let client;
  try {
    client = probe.connects ? undefined : await connect();
    return await probe.run({
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

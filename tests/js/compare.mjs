// Prints side by side what the official SDK's clients, v1 and v2, and ours survive, and how many requests it took: `make compare`.
// The counts are the fault server's own. Every client has its defaults, but for a call's timeout of 5 s, so that who waits for ever is not waited for.
// usage: node tests/js/compare.mjs [--json] [part of a probe's name]
import { clients } from './compare/clients.mjs';
import { probes } from './compare/probes.mjs';
import { startFaultServer } from './servers/fault-server.mjs';

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const wanted = words.find((word) => !word.startsWith('--')) ?? '';
process.on('unhandledRejection', () => {});

async function perform(probe, open) {
  const server = await startFaultServer();
  const path = `/${probe.fault}/compare`;
  const url = server.url(path, probe.settings);
  const connect = () => open(url, { timeout: probe.timeout ?? 5_000, headers: probe.headers });
  let client;
  try {
    client = probe.connects ? undefined : await connect();
    return await probe.run({ client, connect, server, path, counts: () => server.counts(path), forget: () => server.forget(path) });
  } catch (error) {
    return `failed: ${error.message}`;
  } finally {
    await client?.close().catch(() => {});
    await server.close();
  }
}

const names = Object.keys(clients);
const results = [];
for (const probe of probes.filter(({ name }) => name.includes(wanted))) {
  const seen = {};
  for (const name of names) seen[name] = await perform(probe, clients[name]);
  results.push({ probe: probe.name, ...seen });
  if (!asJson) printRow(probe.name, seen);
}
if (asJson) console.log(JSON.stringify(results, null, 2));
process.exit(0);

function printRow(title, seen) {
  console.log(`\n${title}`);
  for (const name of names) console.log(`  ${name.padEnd(11)} ${seen[name]}`);
}

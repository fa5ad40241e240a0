// The memory of workerd while plain objects come and go: what a soak of the gateway is compared with.
// usage: node benches/gateway/soak-objects.mjs OPERATIONS COUNT RATE, operations being some of sql,alarm,delete, or none
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { compatibility } from '../../gateway/local.mjs';
import { started, stopped } from './workerd.mjs';

const LANES = 16;
const LINES = 10; // while objects come and go
const FORGOTTEN = 140_000; // milliseconds: workerd looks every 70 s for objects without a call for that time
const RETRIES = 5;

const [operations = 'sql,alarm,delete', count = '6000', rate = '40'] = process.argv.slice(2);
const state = await mkdtemp(join(tmpdir(), 'soak-'));
const { running, pid } = await started(start);
const from = performance.now();
let begun = 0;
try {
  await tell();
  await Promise.all(Array.from({ length: LANES }, comeAndGo));
  await wait(FORGOTTEN);
  await tell();
} finally {
  await stopped(() => running.stop(), pid);
  await rm(state, { recursive: true, force: true });
}

async function start() {
  const miniflare = new Miniflare({
    ...compatibility,
    host: '127.0.0.1',
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }], // as for the gateway (gateway/local.mjs)
    modules: true,
    scriptPath: fileURLToPath(new URL('soak-object.js', import.meta.url)),
    durableObjects: { OBJECTS: { className: 'Brief', useSQLite: true } },
    durableObjectsPersist: state,
  });
  await miniflare.ready;
  const { origin } = await miniflare.unsafeGetDirectURL();
  return { origin, stop: () => miniflare.dispose() };
}

async function comeAndGo() {
  while (begun < Number(count)) {
    begun += 1;
    const number = begun;
    await wait(Math.max(0, from + (number * 1_000) / Number(rate) - performance.now()));
    for (const step of ['begin', 'end']) await ask(`${running.origin}/${operations}/${number}/${step}`, step);
    if (number % Math.ceil(Number(count) / LINES) === 0) await tell();
  }
}

// A busy workerd closes kept connections with a request on them (docs/scale.md). Each step may be repeated.
async function ask(url, step) {
  for (let tries = 0; ; tries += 1) {
    const response = await fetch(url).catch((error) => (tries < RETRIES ? undefined : Promise.reject(error)));
    if (!response) continue;
    const text = await response.text();
    if (text !== step) throw new Error(`${url}: ${response.status} ${text}`);
    return;
  }
}

async function tell() {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)[1]) / 1024).toFixed(0);
  const files = (await readdir(`/proc/${pid}/fd`)).length;
  const seconds = ((performance.now() - from) / 1_000).toFixed(0);
  console.log(
    `${seconds} s: ${begun} objects, ${mb('Rss')} MB, ${mb('Anonymous')} MB of it anonymous, ${files} open files`,
  );
}

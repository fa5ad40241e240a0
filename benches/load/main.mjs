// The time from the navigation of a page to the first answered call, on three links: this client as a page loads it, beside
// both official clients in one bundle each. Everything is served in brotli. Each load has a browser context of its own, so
// caches, connections and storage start empty. The clients take turns, so that noise affects all.
// usage: node benches/load/main.mjs [--json] [rounds]

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chromium } from 'playwright-core';
import { launchOptions } from '../../tests/js/helpers/browsers/chromium.mjs';
import { startSite } from './site.mjs';

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const rounds = Number(words.find((word) => !word.startsWith('--')) ?? 7);
assert.ok(rounds >= 1, 'the number of rounds');

const kilobits = (count) => (count * 1_000) / 8;
// Slow 4G is that of Lighthouse, 4G the "Fast 4G" of Chromium's developer tools; latency is added to each request.
const links = [
  { name: 'slow 4G, CPU/4', slowdown: 4, latency: 150, down: kilobits(1_600), up: kilobits(750) },
  { name: '4G, CPU/4', slowdown: 4, latency: 60, down: kilobits(9_000), up: kilobits(1_500) },
  { name: 'loopback', slowdown: 1 },
];
const official = ['SDK v1', 'SDK v2'];
const own = 'mcp-tether';
const names = [...official, own, 'mcp-tether, legacy', 'mcp-tether, preload'];

const site = await startSite();
const browser = await chromium.launch(launchOptions);
try {
  const results = [];
  for (const link of links) results.push(await measure(link));
  if (asJson) console.log(JSON.stringify(results, null, 2));
  else print(results);
} finally {
  await browser.close();
  await site.close();
}

async function measure(link) {
  const times = Object.fromEntries(names.map((name) => [name, []]));
  let requests;
  // The first round warms up the server and the browser, and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    requests = {};
    for (const index of names.keys()) {
      const name = names[(index + round) % names.length];
      const loaded = await load(name, link);
      requests[name] = loaded.requests;
      if (round > 0) times[name].push(loaded.milliseconds);
    }
  }
  const medians = Object.fromEntries(names.map((name) => [name, median(times[name])]));
  const fastest = Math.min(...official.map((name) => medians[name]));
  const [ratio, preloaded] = [own, `${own}, preload`].map((name) => medians[name] / fastest);
  return { link: link.name, rounds, medians, times, requests, ratio, preloaded };
}

/** Loads the page of a client once. */
async function load(name, { slowdown, latency, down, up }) {
  const word = randomUUID();
  site.reset();
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    if (latency)
      await devtools.send('Network.emulateNetworkConditions', {
        offline: false,
        latency,
        downloadThroughput: down,
        uploadThroughput: up,
      });
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    await page.goto(site.pageOf(name, word), { waitUntil: 'commit' });
    const loaded = await page.waitForFunction(() => globalThis.loaded, undefined, { polling: 50, timeout: 60_000 });
    const { milliseconds, text, error } = await loaded.jsonValue();
    assert.equal(error, undefined, `${name} failed: ${error}`);
    assert.equal(text, word, `${name} got the answer to its own call`);
    assert.deepEqual(site.calls(), { echo: 1 }, `the server ran the call of ${name} once`);
    return { milliseconds, requests: site.requests() };
  } finally {
    await context.close();
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function print(results) {
  console.log(`navigation to the first answered call, median of ${rounds} in ms (fastest – slowest)`);
  for (const { link, medians, times } of results) {
    console.log(`\n${link}`);
    for (const name of names) {
      const [fastest, slowest] = [Math.min(...times[name]), Math.max(...times[name])].map(Math.round);
      console.log(`  ${name.padEnd(20)} ${String(Math.round(medians[name])).padStart(6)}  (${fastest} – ${slowest})`);
    }
  }
  console.log('\nrequests of one load, with the brotli bytes of files');
  const [{ requests }] = results;
  for (const name of names) console.log(`  ${name.padEnd(20)} ${requests[name].join(', ')}`);
  console.log('\nratios: mcp-tether / faster official client, as it is and with the module preloaded');
  for (const { link, ratio, preloaded } of results)
    console.log(`  ${link.padEnd(20)} ${ratio.toFixed(2)}  ${preloaded.toFixed(2)}`);
}

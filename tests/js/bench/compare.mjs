// Prints side by side which faults the official SDK's clients, v1 and v2, and ours survive, and the number of requests:
// `make compare`. The counts are the servers' own. Every client has its defaults, except for the timeout of a call. It
// fails if a client was not run, or did not finish in time.
// usage: node tests/js/bench/compare.mjs [--json] [--write=<results.json>] [part of a comparison's name]
// With --write the results go into that file, and the document made from them beside it.
import { readFile, writeFile } from 'node:fs/promises';
import { openBrowser } from '../helpers/browsers/chromium.mjs';
import { comparisons } from './compare/comparisons.mjs';
import { compareDocument } from './compare/document.mjs';
import { versionOf } from './compare/frameworks.mjs';
import { outages } from './compare/outages.mjs';
import { pages } from './compare/pages.mjs';
import { names, runComparison } from './compare/run.mjs';

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const file = words.find((word) => word.startsWith('--write='))?.slice('--write='.length);
const wanted = words.find((word) => !word.startsWith('--')) ?? '';
const started = performance.now();
process.on('unhandledRejection', () => {});

let browser;
const chromium = () => (browser ??= openBrowser());

const chosen = [...comparisons, ...outages, ...pages].filter(({ name }) => name.includes(wanted));
if (chosen.length === 0) {
  console.error(`No comparison has “${wanted}” in its name. Without a word all run.`);
  process.exit(2);
}
const results = [];
for (const comparison of chosen) {
  const seen = await runComparison(comparison, { chromium });
  results.push({ comparison: comparison.name, ...seen });
  if (!asJson) printRow(comparison.name, seen);
}
await browser?.then(
  (opened) => opened.close(),
  () => {},
);

const incomplete = results.filter((result) => names.some((name) => /^(NOT |FAILED)/.test(result[name])));
if (asJson) console.log(JSON.stringify(results, null, 2));
else
  console.log(
    `\n${results.length} ${results.length === 1 ? 'comparison' : 'comparisons'} in ${Math.round((performance.now() - started) / 1_000)} s; ` +
      `${incomplete.length} of them with a client that was NOT RUN, did NOT FINISH or FAILED`,
  );
if (file && incomplete.length === 0) await write(file);
process.exit(incomplete.length > 0 ? 1 : 0);

function printRow(title, seen) {
  console.log(`\n${title}`);
  for (const name of names) console.log(`  ${name.padEnd(11)} ${seen[name]}`);
}

async function write(to) {
  const own = JSON.parse(await readFile(new URL('../../../npm/package.json', import.meta.url), 'utf8'));
  const packages = ['@modelcontextprotocol/sdk', '@modelcontextprotocol/client'].map(
    (name) => `${name} ${versionOf(name)}`,
  );
  const versions = Object.fromEntries(
    names.map((name, index) => [name, packages[index] ?? `${own.name} ${own.version}`]),
  );
  const measured = { measured: new Date().toISOString().slice(0, 10), versions, rows: results };
  await writeFile(to, `${JSON.stringify(measured, null, 2)}\n`);
  await writeFile(to.replace(/\.json$/, '.md'), compareDocument(measured));
}

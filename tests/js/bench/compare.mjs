// Prints side by side which faults the official SDK's clients, v1 and v2, and ours survive, and the number of requests:
// `make compare`. The counts are the servers' own. Every client has its defaults, except for the timeout of a call. It
// fails if a client was not run, or did not finish in time.
// usage: node tests/js/bench/compare.mjs [--json] [part of a comparison's name]
import { openBrowser } from '../helpers/browsers/chromium.mjs';
import { comparisons } from './compare/comparisons.mjs';
import { outages } from './compare/outages.mjs';
import { pages } from './compare/pages.mjs';
import { names, runComparison } from './compare/run.mjs';

const words = process.argv.slice(2);
const asJson = words.includes('--json');
const wanted = words.find((word) => !word.startsWith('--')) ?? '';
const started = performance.now();
process.on('unhandledRejection', () => {});

let browser;
const chromium = () => (browser ??= openBrowser());

const chosen = [...comparisons, ...outages, ...pages].filter(({ name }) => name.includes(wanted));
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
    `\n${results.length} comparisons in ${Math.round((performance.now() - started) / 1_000)} s; ` +
      `${incomplete.length} of them with a client that was NOT RUN, did NOT FINISH or FAILED`,
  );
process.exit(incomplete.length > 0 ? 1 : 0);

function printRow(title, seen) {
  console.log(`\n${title}`);
  for (const name of names) console.log(`  ${name.padEnd(11)} ${seen[name]}`);
}

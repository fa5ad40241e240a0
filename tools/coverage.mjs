// Prints the summary of cargo llvm-cov by folder.
// usage: node tools/coverage.mjs <report.json>

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [{ files }] = JSON.parse(readFileSync(process.argv[2], 'utf8')).data;
const folders = new Map();
for (const { filename, summary } of files) {
  const path = relative(root, filename);
  if (!path.startsWith('src/')) continue;
  const [, area, storey] = path.split('/');
  add(`src/${area}`, summary);
  if (area === 'core' && !storey.endsWith('.rs')) add(`src/core/${storey}`, summary);
}
if (folders.size === 0) throw new Error('the report has no file of src/');

console.log(`${'coverage'.padEnd(20)}${'lines'.padStart(10)}${'functions'.padStart(12)}${'regions'.padStart(10)}`);
for (const [folder, sums] of [...folders].sort(([one], [other]) => one.localeCompare(other))) {
  console.log(folder.padEnd(20) + share(sums.lines, 10) + share(sums.functions, 12) + share(sums.regions, 10));
}

function add(folder, summary) {
  const sums = folders.get(folder) ?? { lines: [0, 0], functions: [0, 0], regions: [0, 0] };
  for (const [what, sum] of Object.entries(sums)) {
    sum[0] += summary[what].covered;
    sum[1] += summary[what].count;
  }
  folders.set(folder, sums);
}

function share([covered, count], width) {
  return `${((100 * covered) / count).toFixed(1)} %`.padStart(width);
}

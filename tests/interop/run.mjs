// The whole interop matrix: runs every step with every server, prints the results, and writes docs/interop.md: `make
// interop`.
// usage: node tests/interop/run.mjs [part of a server's name], which writes nothing
import { writeFile } from 'node:fs/promises';
import { frameworkSteps, open, steps } from './matrix.mjs';
import { frameworks, peers } from './peers/index.mjs';
import { expected, render } from './table.mjs';

const wanted = process.argv[2] ?? '';
const stepTimeout = 90_000;

const rows = await performAll(peers, Object.keys(steps));
const frameworkRows = await performAll(frameworks, frameworkSteps);

if (wanted === '') await writeFile(new URL('../../docs/interop.md', import.meta.url), render(rows, frameworkRows));
const failed = [...rows, ...frameworkRows].filter(({ cells }) => Object.values(cells).includes('no'));
console.log(
  failed.length === 0
    ? '\ninterop: no step failed'
    : `\ninterop: failed with ${failed.map(({ peer }) => peer.name).join('; ')}`,
);
process.exit(failed.length === 0 ? 0 : 1);

async function performAll(all, names) {
  const rows = [];
  for (const peer of all.filter(({ name }) => name.includes(wanted)))
    rows.push({ peer, cells: await perform(peer, names) });
  return rows;
}

async function perform(peer, names) {
  console.log(`\n${peer.name} (${peer.version()})`);
  const cells = Object.fromEntries(names.map((step) => [step, expected(peer, step)]));
  const due = names.filter((step) => cells[step] === 'yes');
  await performSteps(peer, due, cells);
  return cells;
}

async function performSteps(peer, due, cells) {
  const run = await open(peer);
  for (const step of due) {
    try {
      await inTime(steps[step](run));
    } catch (error) {
      cells[step] = 'no';
      console.log(`  ${step}: ${error.stack}`);
    }
    if (cells[step] === 'yes') console.log(`  ${step}: yes`);
  }
  await run.close();
}

function inTime(promise) {
  let timer;
  const late = new Promise(
    (_resolve, reject) =>
      (timer = setTimeout(() => reject(new Error(`not done within ${stepTimeout} ms`)), stepTimeout)),
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

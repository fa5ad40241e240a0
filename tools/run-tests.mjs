// Runs test files, each in a process of its own: `node tools/run-tests.mjs [--one-at-a-time] <file>…`.
// Most of the time of a file is waiting for browsers, servers and timers. So the next one starts when a processor is idle, and on a busy machine fewer
// run at once. A file with the line `// Starts first: <reason>` is one of the first, because it takes minutes; those with
// `// Runs late: <reason>` share the machine only with each other, and one with `// Runs alone: <reason>` starts when all others have ended.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { 'one-at-a-time': { type: 'boolean', default: false } },
});
const oneAtATime = options['one-at-a-time'];
const processors = availableParallelism();
const LONGEST = 15 * 60_000; // milliseconds: a file that does not end fails by name before it uses up the time of CI
const failed = new Map();

function run(file) {
  const began = Date.now();
  const limits = { timeout: oneAtATime ? 0 : LONGEST, maxBuffer: Infinity };
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test-reporter=spec', file], limits, (error, stdout, stderr) => {
      const seconds = Math.round((Date.now() - began) / 1_000);
      if (error) failed.set(file, stdout + stderr);
      else process.stdout.write(stdout + stderr);
      console.log(`${file}: ${error ? `failed (${error.signal ?? error.code})` : 'passed'} in ${seconds} s\n`);
      resolve();
    }),
  );
}

/** Runs `few` files at once, and up to `most` while half a processor is idle. */
async function runAll(waiting, few, most) {
  const running = new Set();
  const start = () => {
    const ending = run(waiting.shift()).then(() => running.delete(ending));
    running.add(ending);
  };
  while (waiting.length > 0 || running.size > 0) {
    while (waiting.length > 0 && running.size < few) start();
    const [idle, from] = [idleTime(), Date.now()];
    await wait(500);
    const isIdle = idleTime() - idle > (Date.now() - from) / 2;
    if (isIdle && waiting.length > 0 && running.size < most) start();
  }
}

/** Those that fit, and the others. */
function parted(list, fits) {
  return [list.filter(fits), list.filter((one) => !fits(one))];
}

/** Milliseconds, of all processors. */
function idleTime() {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

/** Whether a comment of the file begins with these words. */
const says = (words) => (file) => readFileSync(file, 'utf8').includes(`\n// ${words}: `);

if (oneAtATime) await runAll([...files], 1, 1);
else {
  const [alone, others] = parted(files, says('Runs alone'));
  const [late, together] = parted(others, says('Runs late'));
  await runAll(parted(together, says('Starts first')).flat(), processors, 4 * processors);
  await runAll(late, processors, 3 * processors);
  await runAll(alone, 1, 1);
}
for (const [file, output] of failed) console.log(`${file} failed:\n${output}`);
const names = [...failed.keys()].map((file) => `\n  ${file}`).join('');
console.log(`tests: ${files.length - failed.size} files passed, ${failed.size} failed${names}`);
if (files.length === 0 || failed.size > 0) process.exitCode = 1;

// The official conformance suites as programs: their location, their runtime, and running them.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** The suites need Node 22; the code under test does not. */
export const suiteNode = join(dirname(require.resolve('node-22/package.json')), 'bin', 'node');

export const stable = findSuite('@modelcontextprotocol/conformance');
/** The first version that supports 2026-07-28. */
export const next = findSuite('conformance-next');

/** Runs a program to its end; returns its exit code and all its output. */
export function run(program, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

function findSuite(name) {
  const manifest = fileURLToPath(new URL(`../../../../node_modules/${name}/package.json`, import.meta.url));
  const { version, bin } = require(manifest);
  return { version, program: join(dirname(manifest), bin.conformance ?? bin) };
}

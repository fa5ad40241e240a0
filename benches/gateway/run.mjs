// Runs a program to its end.
import { spawn } from 'node:child_process';

/** Returns its output; throws if it failed. */
export function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
    child
      .on('error', reject)
      .on('close', (code) =>
        code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}: ${complaints}${output}`)),
      );
  });
}

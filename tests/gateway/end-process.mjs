// Ends a process that a test has started. A process that stays would keep the test from its end.
import { once } from 'node:events';

const GRACE = 10_000; // milliseconds in which a process has to end

/**
 * Asks a process to end, and waits until it has; one that takes too long is killed.
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => void} ask
 */
export async function endProcess(child, ask) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  ask();
  const late = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await gone;
  clearTimeout(late);
}

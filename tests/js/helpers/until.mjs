// Waiting for a condition.
import { setTimeout as wait } from 'node:timers/promises';

const LONGEST = 60_000; // milliseconds, for a machine that is busy with other tests

/** Waits until `check()` returns something truthy, and throws if it never does. */
export async function until(check, what) {
  const deadline = Date.now() + LONGEST;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await wait(10);
  }
}

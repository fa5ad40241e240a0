// Waiting for a condition.
import { setTimeout as wait } from 'node:timers/promises';

/** Waits until `check()` is true, and throws if it never is. */
export async function until(check, what) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (check()) return;
    await wait(10);
  }
  throw new Error(`never: ${what}`);
}

// A device that sleeps: the renderers of the visitor's browser are stopped, and so are the page's timers, while the servers and their answers are not.
import { setTimeout as wait } from 'node:timers/promises';

/** What a story says that a sleep has interrupted. */
export const stoodStill = /^This page stood still for \d.* in the middle, as in a sleep\. Press again\.$/;

/** @param {{ context: import('playwright-core').BrowserContext }} visitor with a browser of its own @param {number} ms */
export async function sleepFor({ context }, ms) {
  const session = await context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  try {
    for (const { id } of renderers) process.kill(id, 'SIGSTOP');
    await wait(ms);
  } finally {
    for (const { id } of renderers) process.kill(id, 'SIGCONT');
    await session.detach();
  }
}

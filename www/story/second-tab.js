// The second tab of the story: the same two clients, the same server, a call a second. Ours shares the session of the tab that opened it.
// @ts-check

import { find } from '../find.js';
import { loadLibrary } from '../library.js';
import { OurClient, StoryNetwork, TheirClient } from './clients.js';
import { note, tally } from './run.js';

/** @import { CallOutcome, StoryTally } from '../types.js' */

const beatMs = 1_000;
const sums = { ours: tally(), theirs: tally() };
// Only a page of this site has a frame whose element can be read.
const frame = /** @type {HTMLElement | null} */ (window.frameElement);
if (frame)
  run(frame).then(
    () => frame.dispatchEvent(new CustomEvent('done', { detail: sums })),
    (error) => frame.dispatchEvent(new CustomEvent('failed', { detail: String(error?.message ?? error) })),
  );

/** @param {HTMLElement} element */
async function run({ dataset: { url = '', page, tab = '', calls } }) {
  const server = { url, page, controlUrl: '' };
  const network = new StoryNetwork(server);
  const [ours, theirs] = await Promise.all([
    OurClient.connect(await loadLibrary(), server, network, tab),
    TheirClient.connect(server, network).catch(() => undefined),
  ]);
  const visit = Math.random().toString(36).slice(2, 8);
  /** @type {Promise<unknown>[]} */
  const open = [];
  for (let call = 1; call <= Number(calls); call += 1) {
    const given = { order: `${visit}-${call}` };
    open.push(watch(sums.ours, ours.call('stock', given)));
    if (theirs) open.push(watch(sums.theirs, theirs.call('stock', given)));
    await new Promise((resolve) => {
      setTimeout(resolve, beatMs);
    });
  }
  await Promise.all(open);
  await Promise.all([ours.manager.close(), theirs?.close()]);
}

/** @param {StoryTally} sum @param {Promise<CallOutcome>} coming */
async function watch(sum, coming) {
  sum.made += 1;
  note(sum, await coming);
  const words = (/** @type {StoryTally} */ { answered, made }) => `answered ${answered} of ${made}`;
  const official = sums.theirs.made > 0 ? `; the official client ${words(sums.theirs)}` : '';
  find(document, '#sums', HTMLElement).textContent = `mcp-tether ${words(sums.ours)}${official}`;
}

// Opens the page a second time, in a frame: to the browser it is another tab of this site, with locks, channels and memory of its own.
// @ts-check

/** @import { StoryServer, StoryTally } from '../types.js' */
/** @typedef {Record<'ours' | 'theirs', StoryTally>} Sums */

const patience = 30_000; // milliseconds

/**
 * Resolves when the second tab has made its calls.
 * @param {HTMLElement} place @param {StoryServer} server @param {{ tab: string, calls: number }} how
 * @returns {Promise<Sums>}
 */
export function openSecondTab(place, { url, page }, { tab, calls }) {
  const frame = document.createElement('iframe');
  Object.assign(frame, { src: 'story/second-tab.html', title: 'The second tab', className: 'second-tab' });
  Object.assign(frame.dataset, { url, tab, calls, ...(page !== undefined && { page }) });
  return new Promise((resolve, reject) => {
    frame.addEventListener('done', (event) => resolve(/** @type {CustomEvent<Sums>} */ (event).detail));
    frame.addEventListener('failed', (event) => reject(new Error(/** @type {CustomEvent<string>} */ (event).detail)));
    setTimeout(() => reject(new Error('the second tab did not open')), patience);
    place.append(frame);
  });
}

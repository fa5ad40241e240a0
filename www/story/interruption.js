// What comes between a fault and what is said of it: going offline, another page, a sleep of the device. Both clients would be measured with it, so a fault
// that is interrupted ends without a result.
// @ts-check

import { Untold } from '../errors.js';
import { duration } from '../format.js';

/** @import { StoryFault } from '../types.js' */

const tickMs = 1_000;
// A sleep ends waits that no server has caused: the official client gives up after 10 s.
const stillMs = 5_000;

/** Tells how long the page has stood still: asleep, frozen, in the back/forward cache, or starved. */
class Ticks {
  #latest = Ticks.#now();

  // The one stands still while some devices sleep, the other one can be set.
  static #now() {
    return [performance.now(), Date.now()];
  }

  /** Milliseconds since the tick before; 0 if it was in time. */
  tick() {
    const now = Ticks.#now();
    const since = Math.max(...now.map((at, i) => at - (this.#latest[i] ?? at)));
    this.#latest = now;
    return since > stillMs + tickMs ? since : 0;
  }
}

/**
 * Plays a fault until it ends, or something interrupts it.
 * @template T
 * @param {Pick<StoryFault, 'countsStreams'>} fault @param {(signal: AbortSignal) => Promise<T>} play
 * @returns {Promise<T>}
 */
export async function uninterrupted({ countsStreams }, play) {
  const interruption = new AbortController();
  const ended = new AbortController();
  const ticks = new Ticks();
  const interrupt = (/** @type {string} */ why) => interruption.abort(new Untold(why));
  const listen = (
    /** @type {EventTarget} */ target,
    /** @type {string} */ type,
    /** @type {EventListener} */ listener,
  ) => target.addEventListener(type, listener, { signal: ended.signal });
  const tick = () => {
    const still = ticks.tick();
    if (still > 0) interrupt(`This page stood still for ${duration(still)} in the middle, as in a sleep. Press again.`);
  };
  const ticking = setInterval(tick, tickMs);
  listen(window, 'offline', () => interrupt('The browser went offline in the middle. Press again when it is online.'));
  // Out of the back/forward cache; its first pageshow may come during a story that a reload goes on with.
  listen(window, 'pageshow', (event) => {
    if (event instanceof PageTransitionEvent && event.persisted)
      interrupt('This page was left in the middle. Press again.');
  });
  if (countsStreams)
    listen(document, 'visibilitychange', () => {
      if (document.hidden) interrupt('The page was hidden in the middle, and closed its stream. Press again.');
    });
  /** @type {Promise<never>} */
  const interrupted = new Promise((_resolve, reject) => {
    interruption.signal.addEventListener('abort', () => reject(interruption.signal.reason));
  });
  try {
    return await Promise.race([play(interruption.signal), interrupted]);
  } catch (error) {
    // After a sleep the timeout of a request may come before the tick.
    tick();
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    clearInterval(ticking);
    ended.abort();
  }
}

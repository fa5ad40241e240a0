// Describes the last events of the manager in sentences.
//
// Events arrive in bursts of milliseconds, sentences are read in seconds. So a burst is one episode (episode.js), whose few sentences are updated in
// place. An idle pause ends an episode.
// @ts-check

import { Episode } from './episode.js';
import { capital } from './format.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */

const pause = 350;

export class Narrator {
  /** @type {Map<string, Episode>} */
  #episodes = new Map();

  /** Starts a new episode for an action of the visitor, even without a pause. */
  turn() {
    for (const [key, episode] of this.#episodes) if (!episode.active) this.#episodes.set(key, episode.next());
  }

  /**
   * The episode's text after this event, or undefined if the text does not change.
   * @param {SessionEvent} kind
   * @param {SessionEventDetail} detail
   */
  tell(kind, detail) {
    const key = `${detail.userId}\n${detail.serverName}`;
    let episode = this.#episodes.get(key);
    if (!episode || (!episode.active && detail.at >= episode.quietFrom + pause)) {
      episode = episode?.next() ?? new Episode(capital(detail.userId));
      this.#episodes.set(key, episode);
    }
    episode.quietFrom = Math.max(episode.quietFrom, detail.at);
    return episode.take(kind, detail) ? episode.text : undefined;
  }
}

// Tells the last thing that happened in plain words, from the manager's events alone.
//
// Events come in bursts of milliseconds, sentences are read in seconds; so a burst is one episode (episode.js), and its few
// sentences are rewritten in place as it goes on. A pause with nothing under way ends an episode.
// @ts-check

import { Episode } from './episode.js';
import { capital } from './format.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */

const pause = 350;

export class Narrator {
  /** @type {Map<string, Episode>} */
  #episodes = new Map();

  /** The visitor did something: what comes next is another episode, even if the last one is barely over. */
  turn() {
    for (const [key, episode] of this.#episodes) if (!episode.active) this.#episodes.set(key, episode.next());
  }

  /**
   * The episode's text after this event, or undefined if it adds nothing worth a sentence.
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

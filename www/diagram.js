// The state diagram: highlights the current state and the last transition, lets passed states fade, and explains the state.
// @ts-check

import { find } from './find.js';

/** @import { SessionState } from 'mcp-tether' */

/** @type {Record<string, string>} */
const meanings = {
  none: 'No session yet.',
  connecting: 'The handshake: the server assigns a session id.',
  ready: 'The session is open. Calls are sent at once.',
  recovering: 'The server lost the session. One new handshake for all calls; they wait.',
  outage: 'The server is unreachable. The session keeps its id; one ping at a time tests the server; calls wait.',
  degraded: 'All attempts to open a new session failed. The next call tries again, after a backoff.',
  expired: 'The session expired unused. The next call opens a new one.',
  terminated: 'Ended with a DELETE. Connect to start a new session.',
  closed: 'Closed. Connect to start a new session.',
};
const glowMs = 1_600;

export class Diagram {
  #svg;
  #caption;
  /** @type {Map<Element, ReturnType<typeof setTimeout>>} */
  #glowing = new Map(); // element → timer

  /** @param {SVGSVGElement} svg @param {HTMLElement} caption */
  constructor(svg, caption) {
    this.#svg = svg;
    this.#caption = caption;
  }

  /** @param {SessionState | 'none'} state @param {SessionState | undefined} cameFrom */
  show(state, cameFrom) {
    for (const node of this.#nodes) node.toggleAttribute('data-current', node.dataset.state === state);
    for (const edge of this.#edges) edge.toggleAttribute('data-taken', edge.dataset.edge === `${cameFrom} ${state}`);
    const meaning = meanings[state] ?? state;
    if (this.#caption.textContent === meaning) return;
    this.#caption.textContent = meaning;
    find(this.#svg, 'title', SVGTitleElement).textContent =
      `The states of a session. Current state: ${state}. ${meaning}`;
  }

  /**
   * Shows a transition, long enough to be visible even if it takes milliseconds.
   * @param {SessionState | undefined} from
   * @param {SessionState | undefined} to
   */
  passed(from, to) {
    for (const node of this.#nodes) if (node.dataset.state === from || node.dataset.state === to) this.#glow(node);
    for (const edge of this.#edges) if (edge.dataset.edge === `${from} ${to}`) this.#glow(edge);
  }

  /** @returns {NodeListOf<SVGElement>} */
  get #nodes() {
    return this.#svg.querySelectorAll('.nodes g');
  }
  /** @returns {NodeListOf<SVGElement>} */
  get #edges() {
    return this.#svg.querySelectorAll('.edges path');
  }

  /** @param {Element} element */
  #glow(element) {
    clearTimeout(this.#glowing.get(element));
    element.toggleAttribute('data-passed', true);
    this.#glowing.set(
      element,
      setTimeout(() => element.removeAttribute('data-passed'), glowMs),
    );
  }
}

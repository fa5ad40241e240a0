// The state diagram: lights the state a session is in and the arrow it came by, lets what it passed through glow for a while,
// and says what the state means.
// @ts-check

import { find } from './find.js';

/** @import { SessionState } from 'mcp-tether' */

/** @type {Record<string, string>} */
const meanings = {
  none: 'No session yet.',
  connecting: 'Client and server introduce themselves; the server hands out an id.',
  ready: 'The server knows this client. Calls go straight through.',
  recovering: 'The server lost the session. One handshake for everybody; calls wait.',
  outage: 'The server is out of reach. The session keeps its id; one ping at a time tests the server; calls wait.',
  degraded: 'No new session for now. The next call tries again, after a pause.',
  expired: 'Unused for too long. The next call opens a new session.',
  terminated: 'Over, and the server was told so. Connect to begin anew.',
  closed: 'Nothing is sent any more. Connect to begin anew.',
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
    find(this.#svg, 'title', SVGTitleElement).textContent = `The states a session can be in. Now: ${state}. ${meaning}`;
  }

  /**
   * A session went from one state to another; recoveries take milliseconds, and are seen all the same.
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

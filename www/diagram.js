// The state diagram: lights the state a session is in and the arrow it came by, and says what the state means.

const meanings = {
  none: 'No session yet.',
  connecting: 'Client and server introduce themselves; the server hands out an id.',
  ready: 'The server knows this client. Calls go straight through.',
  recovering: 'The server lost the session. One handshake for everybody; calls wait.',
  degraded: 'No new session for now. The next call tries again, after a pause.',
  expired: 'Unused for too long. The next call opens a new session.',
  terminated: 'Over, and the server was told so. Connect to begin anew.',
  closed: 'Nothing is sent any more. Connect to begin anew.',
};

export class Diagram {
  #svg;
  #caption;

  constructor(svg, caption) {
    this.#svg = svg;
    this.#caption = caption;
  }

  show(state, cameFrom) {
    for (const node of this.#svg.querySelectorAll('.nodes g')) node.toggleAttribute('data-current', node.dataset.state === state);
    for (const edge of this.#svg.querySelectorAll('.edges path')) edge.toggleAttribute('data-taken', edge.dataset.edge === `${cameFrom} ${state}`);
    const meaning = meanings[state] ?? state;
    this.#caption.textContent = meaning;
    this.#svg.querySelector('title').textContent = `The states a session can be in. Now: ${state}. ${meaning}`;
  }
}

// Shows one session: what the manager knows of it, in words and in the state diagram.

import { Diagram } from './diagram.js';
import { clock } from './format.js';
import { nameOf } from './holders.js';

export const isOver = (state) => state === 'terminated' || state === 'closed';

export class SessionView {
  #parts;
  #diagram;

  constructor(parts) {
    this.#parts = parts;
    this.#diagram = new Diagram(parts.diagram, parts.meaning);
  }

  /** Every change of state passes here, however short the state is. */
  passed(from, to) {
    this.#diagram.passed(from, to);
  }

  show(holder, info, state) {
    const { title, facts } = this.#parts;
    const server = holder.session?.getServerVersion();
    title.textContent = holder.session || info ? `${nameOf(holder.userId)}’s session` : 'The session';
    facts.state.textContent = state;
    facts.state.dataset.state = state;
    facts.id.textContent = info?.sessionId
      ? shorten(info.sessionId)
      : info && state === 'ready'
        ? 'none needed'
        : 'none';
    facts.kind.textContent = info?.kind ?? '–';
    facts.protocol.textContent = info?.protocolVersion || '–';
    facts.generation.textContent = info?.generation ?? '–';
    facts.recoveries.textContent = info?.recoveries ?? '–';
    facts.inflight.textContent = info?.inFlight ?? '–';
    facts.expires.textContent = info?.expiresAt && !isOver(state) ? `at ${clock(info.expiresAt)}` : '–';
    facts.server.textContent = server ? `with ${server.title ?? server.name}, version ${server.version}` : '';
    this.#diagram.show(state, holder.cameFrom);
  }
}

function shorten(id) {
  return id.length > 8 ? `${id.slice(0, 8)}…` : id;
}

// Shows one session: the manager's information, as text and in the state diagram.
// @ts-check

import { Diagram } from './diagram.js';
import { clock } from './format.js';
import { nameOf } from './holders.js';

/** @import { SessionInfo, SessionState } from 'mcp-tether' */
/** @import { SessionFacts } from './elements.js' */
/** @import { Holder } from './types.js' */

/** @param {SessionState | 'none'} state */
export const isOver = (state) => state === 'terminated' || state === 'closed';

export class SessionView {
  #parts;
  #diagram;

  /** @param {{ diagram: SVGSVGElement, meaning: HTMLElement, title: HTMLElement, facts: SessionFacts }} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#diagram = new Diagram(parts.diagram, parts.meaning);
  }

  /**
   * Handles every change of state, however short.
   * @param {SessionState | undefined} from
   * @param {SessionState | undefined} to
   */
  passed(from, to) {
    this.#diagram.passed(from, to);
  }

  /** @param {Holder} holder @param {SessionInfo | undefined} info @param {SessionState | 'none'} state */
  show(holder, info, state) {
    const { title, facts } = this.#parts;
    /** @type {{ name: string, version: string, title?: string } | undefined} */
    const server = holder.session?.getServerVersion();
    title.textContent = holder.session || info ? `${nameOf(holder.userId)}’s session` : 'The session';
    facts.state.textContent = state;
    facts.state.dataset.state = state;
    facts.id.textContent = idInWords(info, state);
    facts.kind.textContent = info?.kind ?? '–';
    facts.protocol.textContent = info?.protocolVersion || '–';
    facts.generation.textContent = inDigits(info?.generation);
    facts.recoveries.textContent = inDigits(info?.recoveries);
    facts.inflight.textContent = inDigits(info?.inFlight);
    facts.expires.textContent = info?.expiresAt && !isOver(state) ? `at ${clock(info.expiresAt)}` : '–';
    facts.server.textContent = server ? `with ${server.title ?? server.name}, version ${server.version}` : '';
    this.#diagram.show(state, holder.cameFrom);
  }
}

/** @param {number | undefined} number */
function inDigits(number) {
  return number === undefined ? '–' : String(number);
}

/** @param {SessionInfo | undefined} info @param {SessionState | 'none'} state */
function idInWords(info, state) {
  const id = info?.sessionId;
  if (!id) return info && state === 'ready' ? 'not needed' : 'none';
  return id.length > 8 ? `${id.slice(0, 8)}…` : id;
}

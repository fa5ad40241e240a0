// The library's log: one line per entry, coloured by level, scrolled to the end unless the visitor scrolls up.
// @ts-check

import { duration } from './format.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */

const kept = 1000;

/**
 * What the library does not log, because applications get it as events: waits, failures and outages.
 * @param {SessionEvent} kind
 * @param {SessionEventDetail} detail
 */
function eventLine(kind, { userId, method, stream, outcome, delayMs, durationMs, code, evidence, waited }) {
  const isNews =
    ['retryScheduled', 'outageStarted', 'outageEnded', 'breakerOpened', 'breakerClosed'].includes(kind) ||
    (kind === 'streamClosed' && evidence !== undefined) ||
    (kind === 'requestSettled' && outcome !== 'result' && method !== 'server/discover');
  if (!isNews) return undefined;
  const facts = [
    method ?? (stream && `${stream} stream`),
    outcome ?? code,
    delayMs !== undefined && `next attempt in ${duration(delayMs)}`,
    durationMs !== undefined && `after ${duration(durationMs)}`,
    waited !== undefined && `${waited} waited`,
    evidence,
  ];
  return `event ${kind}, ${userId}: ${facts.filter(Boolean).join(', ')}`;
}

export class LogView {
  #box;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
  }

  /** @param {string} level @param {string} line */
  write(level, line) {
    const box = this.#box;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 24;
    const element = document.createElement('div');
    element.className = 'line';
    element.dataset.level = level;
    element.textContent = line;
    if (level === 'warn' || level === 'error') element.title = level;
    box.append(element);
    if (box.childElementCount > kept) box.firstElementChild?.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  /** @param {SessionEvent} kind @param {SessionEventDetail} detail */
  event(kind, detail) {
    const line = eventLine(kind, detail);
    if (line) this.write('event', line);
  }

  /** @param {boolean} yes */
  showDebug(yes) {
    this.#box.toggleAttribute('data-hide-debug', !yes);
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  get text() {
    const lines = [...this.#box.children].filter(
      (line) => !this.#box.hasAttribute('data-hide-debug') || line.getAttribute('data-level') !== 'debug',
    );
    return lines.map((line) => line.textContent).join('\n');
  }
}

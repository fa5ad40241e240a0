// One episode of a session: what its events add up to, in a few sentences (sentences.js).
// @ts-check

import * as sentences from './sentences.js';
import { OpenRequests } from './timeline/open-requests.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */
/** @import { Tally } from './sentences.js' */

const plumbing = new Set(['initialize', 'ping', 'notifications/initialized', 'logging/setLevel', 'server/discover']);

export class Episode {
  open = new OpenRequests();
  recovering = false;
  outage = false;
  quietFrom = 0;
  #name;
  /** @type {Map<string, string>} */
  #sentences = new Map();
  /** @type {Map<string | undefined, Tally>} */
  #tallies = new Map();
  #waits = 0;
  #waited = 0;
  #waitsUntil = 0;

  /** @param {string} name of the user @param {string} [sessionId] */
  constructor(name, sessionId) {
    this.#name = name;
    this.sessionId = sessionId;
  }

  next() {
    return new Episode(this.#name, this.sessionId);
  }

  /** Whether there is more to come of it. */
  get active() {
    return this.open.size > 0 || this.recovering || this.outage;
  }

  get text() {
    return [...this.#sentences.values()].join(' ');
  }

  /**
   * True if a sentence was written or rewritten.
   * @param {SessionEvent} kind
   * @param {SessionEventDetail} detail
   */
  take(kind, detail) {
    return Episode.#takers[kind]?.(this, detail) ?? false;
  }

  /** @type {Partial<Record<SessionEvent, (episode: Episode, detail: SessionEventDetail) => boolean>>} */
  static #takers = {
    stateChanged: (episode, detail) => episode.#stateChanged(detail),
    sessionCreated: (episode, detail) => episode.#created(detail),
    sessionReused: (episode) =>
      episode.#say('reused', `${episode.#name} already has a live session, so it is used again: no second handshake.`),
    sessionError: (episode, detail) => episode.#say('error', sentences.lost(detail, episode.sessionId)),
    recoveryStarted(episode) {
      episode.recovering = true;
      return episode.#say('recovery', sentences.recovering(episode.#waiting));
    },
    recoverySucceeded(episode) {
      episode.recovering = false;
      return episode.#say('recovery', sentences.recovered(episode.#waiting, episode.sessionId));
    },
    recoveryFailed(episode, detail) {
      episode.recovering = false;
      return episode.#say('recovery', sentences.notRecovered(detail));
    },
    outageStarted(episode, detail) {
      episode.outage = true;
      return episode.#say('outage', sentences.outOfReach(detail, episode.#waiting));
    },
    outageEnded(episode, detail) {
      episode.outage = false;
      return episode.#say('outage', sentences.withinReach(detail));
    },
    streamOpened(episode, { stream }) {
      // It is open again: what was said of it is over, and worth no sentence of its own.
      if (stream !== 'call') episode.#sentences.delete('stream');
      return false;
    },
    streamWaiting: (episode) =>
      episode.#say(
        'stream',
        'Too many streams are open to this server; the stream for what it sends unasked waits for its turn.',
      ),
    retryScheduled: (episode, detail) => episode.#retryScheduled(detail),
    sessionExpired: (episode) =>
      episode.#say(
        'end',
        'Nobody used the session for as long as the settings allow, so the client has given it up; the next call opens a new one.',
      ),
    sessionTerminated: (episode) =>
      episode.#say(
        'end',
        `${episode.#name}'s session is over: the server was told to drop it, and nothing more is sent on it.`,
      ),
    requestSent: (episode, detail) => episode.#requestSent(detail),
    requestSettled: (episode, detail) => episode.#requestSettled(detail),
    toolsChanged: (episode) => episode.#say('tools', 'The tools the server offers are not the ones it had before.'),
    breakerOpened: (episode) =>
      episode.#say('breaker', 'Too much failed in a row: for a while nothing is sent, so as not to make things worse.'),
    breakerClosed: (episode) => episode.#say('breaker', 'A careful probe came through: calls go out again.'),
  };

  /** @param {SessionEventDetail} detail */
  #stateChanged({ from, to }) {
    if (to === 'connecting') return this.#introduced();
    if (to === 'degraded')
      return this.#say(
        'state',
        'The server cannot be reached for now; the client stops hammering and waits for a reason to try again.',
      );
    if (to === 'closed' && from === 'connecting')
      return this.#say('hello', `${this.#name}'s client could not open a session.`);
    return false;
  }

  #introduced() {
    return this.#say('hello', `${this.#name}'s client introduces itself to the server.`);
  }

  /** @param {SessionEventDetail} detail */
  #created({ sessionId }) {
    this.sessionId = sessionId;
    return !this.recovering && this.#say('hello', sentences.opened(sessionId, this.#name));
  }

  /** @param {SessionEventDetail} detail */
  #retryScheduled(detail) {
    const { at, delayMs = 0, stream } = detail;
    this.open.wait(detail);
    if (stream) return this.#say('stream', sentences.streamCut(detail));
    this.quietFrom = Math.max(this.quietFrom, at + delayMs);
    // What is refused together waits together.
    if (at >= this.#waitsUntil) this.#waits += 1;
    this.#waited += Math.max(0, at + delayMs - Math.max(at, this.#waitsUntil));
    this.#waitsUntil = Math.max(this.#waitsUntil, at + delayMs);
    return this.#say('wait', sentences.retrying(detail, this.#waits, this.#waited));
  }

  /** @param {SessionEventDetail} detail */
  #requestSent(detail) {
    const { method = '', generation } = detail;
    if (method === 'initialize' && !generation) return this.#introduced();
    if (plumbing.has(method)) return false;
    this.open.send(detail);
    return !this.recovering && !this.outage && this.#progress(method);
  }

  /** @param {SessionEventDetail} detail */
  #requestSettled(detail) {
    const { method = '' } = detail;
    if (plumbing.has(method)) return false;
    this.open.settle(detail);
    this.#tally(detail);
    return !this.recovering && this.#progress(method);
  }

  get #waiting() {
    return this.open.count('tools/call') || this.open.size;
  }

  /** @param {SessionEventDetail} detail */
  #tally({ method, durationMs = 0, outcome = 'result' }) {
    const tally = this.#tallyOf(method);
    this.#tallies.set(method, tally);
    tally.longest = Math.max(tally.longest, durationMs);
    if (outcome === 'result') tally.answered += 1;
    else tally.failed.set(outcome, (tally.failed.get(outcome) ?? 0) + 1);
  }

  /** @param {string | undefined} method @returns {Tally} */
  #tallyOf(method) {
    return this.#tallies.get(method) ?? { answered: 0, failed: new Map(), longest: 0 };
  }

  /**
   * Tool calls are what a visitor asked for; other requests are told only where there are none.
   * @param {string} latest the method of the request that was just sent or settled
   */
  #progress(latest) {
    const isCall = this.#tallies.has('tools/call') || this.open.count('tools/call') > 0;
    const method = isCall ? 'tools/call' : latest;
    const what = isCall ? 'call' : `${method} request`;
    return this.#say('calls', sentences.progress(what, this.open.count(method), this.#tallyOf(method)));
  }

  /**
   * The newest sentence goes last.
   * @param {string} key
   * @param {string} sentence
   */
  #say(key, sentence) {
    this.#sentences.delete(key);
    this.#sentences.set(key, sentence);
    return true;
  }
}

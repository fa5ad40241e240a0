// One episode of a session: summarises its events in a few sentences (sentences.js).
// @ts-check

import { OpenRequests } from './open-requests.js';
import * as sentences from './sentences.js';

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
  /** @type {SessionEventDetail | undefined} */
  #refusal;

  /** @param {string} name of the user @param {string} [sessionId] */
  constructor(name, sessionId) {
    this.#name = name;
    this.sessionId = sessionId;
  }

  next() {
    return new Episode(this.#name, this.sessionId);
  }

  /** Whether more events are expected. */
  get active() {
    return this.open.size > 0 || this.recovering || this.outage;
  }

  get text() {
    return [...this.#sentences.values()].join(' ');
  }

  /**
   * Returns whether a sentence was added or changed.
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
      episode.#say(
        'reused',
        `${episode.#name} already has a live session, which is reused without a second handshake.`,
      ),
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
      // The stream is open again: the sentence about it is obsolete.
      if (stream !== 'call') episode.#sentences.delete('stream');
      return false;
    },
    streamWaiting: (episode) =>
      episode.#say('stream', 'The limit of open streams to this server is reached; the GET stream waits for its turn.'),
    retryScheduled: (episode, detail) => episode.#retryScheduled(detail),
    sessionExpired: (episode) =>
      episode.#say(
        'end',
        'The session reached its idle timeout, so the client ended it; the next call opens a new one.',
      ),
    sessionTerminated: (episode) => episode.#say('end', `${episode.#name}'s session was ended with a DELETE.`),
    requestSent: (episode, detail) => episode.#requestSent(detail),
    requestSettled: (episode, detail) => episode.#requestSettled(detail),
    toolsChanged: (episode) => episode.#say('tools', 'The list of tools differs from the one before the recovery.'),
    breakerOpened: (episode) =>
      episode.#say('breaker', 'Too many failures in a row: the circuit breaker pauses all requests.'),
    breakerClosed: (episode) => episode.#say('breaker', 'A canary request succeeded: calls are sent again.'),
  };

  /** @param {SessionEventDetail} detail */
  #stateChanged({ from, to }) {
    if (to === 'connecting') return this.#introduced();
    if (to === 'degraded')
      return this.#say('state', 'All attempts to recover failed; the next call tries again, after a backoff.');
    if (to === 'closed' && from === 'connecting')
      return this.#say('hello', `${this.#name}'s client could not open a session.`);
    return false;
  }

  #introduced() {
    return this.#say('hello', `${this.#name}'s client sends the handshake to the server.`);
  }

  /** @param {SessionEventDetail} detail */
  #created({ sessionId }) {
    this.sessionId = sessionId;
    return !this.recovering && this.#say('hello', sentences.opened(sessionId, this.#name));
  }

  /** @param {SessionEventDetail} detail */
  #retryScheduled(detail) {
    const { at, delayMs = 0, stream } = detail;
    if (stream) return this.#say('stream', sentences.streamCut(detail));
    this.quietFrom = Math.max(this.quietFrom, at + delayMs);
    // Calls that are refused together share one wait.
    if (at >= this.#waitsUntil) this.#waits += 1;
    this.#waited += Math.max(0, at + delayMs - Math.max(at, this.#waitsUntil));
    this.#waitsUntil = Math.max(this.#waitsUntil, at + delayMs);
    // A refusal makes the calls wait as well: it is the reason, whichever event comes last.
    if (!detail.method) this.#refusal = detail;
    return this.#say('wait', sentences.retrying(this.#refusal ?? detail, this.#waits, this.#waited));
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
   * Tool calls come from the visitor; other requests are mentioned only without calls.
   * @param {string} latest the method of the request that was just sent or settled
   */
  #progress(latest) {
    const isCall = this.#tallies.has('tools/call') || this.open.count('tools/call') > 0;
    const method = isCall ? 'tools/call' : latest;
    const what = isCall ? 'call' : `${method} request`;
    return this.#say('calls', sentences.progress(what, this.open.count(method), this.#tallyOf(method)));
  }

  /**
   * The newest sentence is the last one.
   * @param {string} key
   * @param {string} sentence
   */
  #say(key, sentence) {
    this.#sentences.delete(key);
    this.#sentences.set(key, sentence);
    return true;
  }
}

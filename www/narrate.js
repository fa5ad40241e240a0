// Tells the last thing that happened in plain words, from the manager's events alone.
//
// Events come in bursts of milliseconds, sentences are read in seconds; so a burst is one episode, and its few sentences
// are rewritten in place as it goes on. A pause with nothing under way ends an episode.

import { capital, count, duration } from './format.js';
import { OpenRequests } from './timeline/open-requests.js';

const pause = 350;

export class Narrator {
  #episodes = new Map();

  /** The visitor did something: what comes next is another episode, even if the last one is barely over. */
  turn() {
    for (const [key, episode] of this.#episodes) if (!episode.active) this.#episodes.set(key, episode.next());
  }

  /** The episode's text after this event, or undefined if it adds nothing worth a sentence. */
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

class Episode {
  open = new OpenRequests();
  recovering = false;
  outage = false;
  quietFrom = 0;
  #name;
  #sentences = new Map();
  #tallies = new Map();
  #waits = 0;
  #waited = 0;
  #waitsUntil = 0;

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

  /** True if a sentence was written or rewritten. */
  take(kind, detail) {
    switch (kind) {
      case 'stateChanged':
        return this.#stateChanged(detail);
      case 'sessionCreated':
        return this.#created(detail);
      case 'sessionReused':
        return this.#say(
          'reused',
          `${this.#name} already has a live session, so it is used again: no second handshake.`,
        );
      case 'sessionError':
        return this.#lost(detail);
      case 'recoveryStarted': {
        this.recovering = true;
        const waiting = this.#waiting();
        const then =
          waiting === 0
            ? 'Nobody is waiting for an answer.'
            : `${capital(count(waiting, 'call'))} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
        return this.#say('recovery', `One new handshake is made. ${then}`);
      }
      case 'recoverySucceeded': {
        this.recovering = false;
        const waiting = this.#waiting();
        const rest =
          waiting === 0
            ? ''
            : `, and ${waiting === 1 ? 'the call that waited is' : `the ${count(waiting, 'call')} that waited are`} sent again`;
        return this.#say(
          'recovery',
          `One new handshake was made${this.sessionId ? ` (the session is now ${short(this.sessionId)})` : ''}${rest}.`,
        );
      }
      case 'recoveryFailed':
        this.recovering = false;
        return this.#say(
          'recovery',
          `The attempts to get a new session are spent${because(detail)}; ${detail.delayMs ? `the client looks again in ${duration(detail.delayMs)}, or at the next call` : 'the next call will try again'}.`,
        );
      case 'outageStarted': {
        this.outage = true;
        const waiting = this.#waiting();
        const calls = waiting === 0 ? 'calls wait' : `${count(waiting, 'call')} ${waiting === 1 ? 'waits' : 'wait'}`;
        return this.#say(
          'outage',
          `The server is out of reach${because(detail)}: the session keeps its id, one ping at a time tests the server, and ${calls}.`,
        );
      }
      case 'outageEnded': {
        this.outage = false;
        const { durationMs = 0, waited = 0 } = detail;
        const rest =
          waited === 0
            ? ''
            : `; ${waited === 1 ? 'the call that waited goes' : `the ${count(waited, 'call')} that waited go`} to the server now`;
        return this.#say('outage', `The server was out of reach for ${duration(durationMs)}${rest}.`);
      }
      case 'streamOpened':
        // It is open again: what was said of it is over, and worth no sentence of its own.
        if (detail.stream !== 'call') this.#sentences.delete('stream');
        return false;
      case 'streamWaiting':
        return this.#say(
          'stream',
          'Too many streams are open to this server; the stream for what it sends unasked waits for its turn.',
        );
      case 'retryScheduled': {
        const { at, delayMs = 0, stream, evidence } = detail;
        this.open.wait(detail);
        if (stream) {
          const what = detail.attempt > 1 ? 'still cannot be opened; the next try is' : 'was cut; it is opened again';
          return this.#say('stream', `The stream on which the server speaks unasked ${what} in ${duration(delayMs)}.`);
        }
        this.quietFrom = Math.max(this.quietFrom, at + delayMs);
        // What is refused together waits together.
        if (at >= this.#waitsUntil) this.#waits += 1;
        this.#waited += Math.max(0, at + delayMs - Math.max(at, this.#waitsUntil));
        this.#waitsUntil = Math.max(this.#waitsUntil, at + delayMs);
        const reason = evidence ? ` (${evidence})` : '';
        // What names a method is one call's affair: its answer did not come through. The rest concerns the whole session.
        const trouble = detail.method
          ? `The answer did not come through${reason}`
          : `The server cannot take it now${reason}`;
        return this.#say(
          'wait',
          this.#waits === 1
            ? `${trouble}: the client waits ${duration(this.#waited)} before the next try.`
            : `${trouble}: the client has waited ${count(this.#waits, 'time')}, ${duration(this.#waited)} in all.`,
        );
      }
      case 'sessionExpired':
        return this.#say(
          'end',
          'Nobody used the session for as long as the settings allow, so the client has given it up; the next call opens a new one.',
        );
      case 'sessionTerminated':
        return this.#say(
          'end',
          `${this.#name}'s session is over: the server was told to drop it, and nothing more is sent on it.`,
        );
      case 'requestSent':
        if (detail.method === 'initialize' && !detail.generation)
          return this.#say('hello', `${this.#name}'s client introduces itself to the server.`);
        if (plumbing.has(detail.method)) return false;
        this.open.send(detail);
        return !this.recovering && !this.outage && this.#say('calls', this.#progress(detail.method));
      case 'requestSettled':
        if (plumbing.has(detail.method)) return false;
        this.open.settle(detail);
        this.#tally(detail);
        return !this.recovering && this.#say('calls', this.#progress(detail.method));
      case 'toolsChanged':
        return this.#say('tools', 'The tools the server offers are not the ones it had before.');
      case 'breakerOpened':
        return this.#say(
          'breaker',
          'Too much failed in a row: for a while nothing is sent, so as not to make things worse.',
        );
      case 'breakerClosed':
        return this.#say('breaker', 'A careful probe came through: calls go out again.');
      default:
        return false;
    }
  }

  #stateChanged({ from, to }) {
    if (to === 'connecting') return this.#say('hello', `${this.#name}'s client introduces itself to the server.`);
    if (to === 'degraded')
      return this.#say(
        'state',
        'The server cannot be reached for now; the client stops hammering and waits for a reason to try again.',
      );
    if (to === 'closed' && from === 'connecting')
      return this.#say('hello', `${this.#name}'s client could not open a session.`);
    return false;
  }

  #created(detail) {
    this.sessionId = detail.sessionId;
    if (this.recovering) return false;
    return this.#say(
      'hello',
      detail.sessionId
        ? `The server has opened a session for ${this.#name} and called it ${short(detail.sessionId)}; every request from now on shows that id.`
        : `The server needs no session for ${this.#name}: it answers each request by itself.`,
    );
  }

  #lost(detail) {
    const { code, evidence } = detail;
    const seen = evidence ? ` What was seen: ${evidence}.` : '';
    switch (code) {
      case 'session_terminated':
        return this.#say(
          'error',
          `${saw(evidence, 'The server')}: it has forgotten ${this.sessionId ? `session ${short(this.sessionId)}` : 'the session'}.`,
        );
      case 'session_invalid':
        return this.#say(
          'error',
          `${saw(evidence, 'The server')}: it does not know ${this.sessionId ? `session ${short(this.sessionId)}` : 'the session'}.`,
        );
      case 'session_conflict':
        return this.#say('error', `The server believes that an older stream of this session is still open.${seen}`);
      case 'session_timeout':
        return this.#say('error', `An answer did not come in time; the session is kept.${seen}`);
      case 'session_expired':
        return this.#say('error', `The session is too old to be used.${seen}`);
      case 'network_error':
        return this.#say('error', `The server cannot be reached.${seen}`);
      default:
        return this.#say('error', `Something went wrong with the session: ${code}.${seen}`);
    }
  }

  #waiting() {
    return this.open.count('tools/call') || this.open.size;
  }

  #tally({ method, durationMs = 0, outcome = 'result' }) {
    const tally = this.#tallies.get(method) ?? { answered: 0, failed: new Map(), longest: 0 };
    this.#tallies.set(method, tally);
    tally.longest = Math.max(tally.longest, durationMs);
    if (outcome === 'result') tally.answered += 1;
    else tally.failed.set(outcome, (tally.failed.get(outcome) ?? 0) + 1);
  }

  /** Tool calls are what a visitor asked for; other requests are told only where there are none. */
  #progress(latest) {
    const isCall = this.#tallies.has('tools/call') || this.open.count('tools/call') > 0;
    const method = isCall ? 'tools/call' : latest;
    const { answered, failed, longest } = this.#tallies.get(method) ?? { answered: 0, failed: new Map(), longest: 0 };
    const open = this.open.count(method);
    const failures = [...failed.values()].reduce((sum, n) => sum + n, 0);
    const total = open + failures + answered;
    const what = isCall ? 'call' : `${method} request`;
    if (open > 0) return `${capital(count(total, what))} under way${answered > 0 ? `, ${answered} answered` : ''}.`;
    const took = total === 1 ? ` after ${duration(longest)}` : `, the slowest after ${duration(longest)}`;
    if (failures === 0)
      return total === 1 ? `The ${what} was answered${took}.` : `All ${count(total, what)} were answered${took}.`;
    const reasons = [...failed]
      .map(([code, n]) => `${total === 1 ? '' : `${n} × `}${inWords[code] ?? code}`)
      .join('; ');
    return total === 1
      ? `The ${what} failed${took}: ${reasons}.`
      : `${capital(count(answered, 'answer'))}, ${count(failures, 'failure')} (${reasons})${took}.`;
  }

  /** The newest sentence goes last. */
  #say(key, sentence) {
    this.#sentences.delete(key);
    this.#sentences.set(key, sentence);
    return true;
  }
}

const inWords = {
  outcome_unknown:
    'the connection broke before the answer came, and as nobody can tell whether it was done, it was not sent twice',
  request_timeout: 'no answer came in time',
  cancelled: 'it was cancelled',
  rpc_error: 'the server understood it and refused',
  network_error: 'the server could not be reached',
  cors_blocked: 'the browser kept the answer from the page',
  circuit_open: 'nothing is sent after so many failures',
  session_terminated: 'the session was lost and could not be had again',
  closed: 'the session was closed meanwhile',
};

const plumbing = new Set(['initialize', 'ping', 'notifications/initialized', 'logging/setLevel', 'server/discover']);

function short(id) {
  return id.replace(/\.+$/, '').slice(0, 8);
}

function because({ code, evidence }) {
  return evidence ? ` (${evidence})` : code ? ` (${code})` : '';
}

function saw(evidence, who) {
  const status = /\b([45]\d\d)\b/.exec(evidence ?? '')?.[1];
  const words = /"[^"]+"/.exec(evidence ?? '')?.[0];
  if (status) return `${who} answered ${status}${words ? `, ${words}` : ''}`;
  return evidence ? `${who} answered "${evidence}"` : `${who} refused the request`;
}

// Tells the last thing that happened in plain words, from the manager's events alone.
//
// Events come in bursts of milliseconds, sentences are read in seconds; so a burst is one episode, and its few sentences
// are rewritten in place as it goes on. A pause with nothing under way ends an episode.

import { capital, count, duration } from './format.js';

const pause = 350;

export class Narrator {
  #episodes = new Map();

  /** The episode's text after this event, or undefined if it adds nothing worth a sentence. */
  tell(kind, detail) {
    const key = `${detail.userId}\n${detail.serverName}`;
    let episode = this.#episodes.get(key);
    if (!episode || (episode.open.size === 0 && !episode.recovering && detail.at >= episode.quietFrom + pause)) {
      episode = new Episode(capital(detail.userId), episode?.sessionId);
      this.#episodes.set(key, episode);
    }
    episode.quietFrom = Math.max(episode.quietFrom, detail.at);
    return episode.take(kind, detail) ? episode.text : undefined;
  }
}

class Episode {
  open = new Map();
  recovering = false;
  quietFrom = 0;
  #name;
  #sentences = new Map();
  #answered = 0;
  #failed = new Map();
  #waits = 0;
  #waited = 0;
  #longest = 0;
  #method;

  constructor(name, sessionId) {
    this.#name = name;
    this.sessionId = sessionId;
  }

  get text() {
    return [...this.#sentences.values()].join(' ');
  }

  /** True if a sentence was written or rewritten. */
  take(kind, detail) {
    switch (kind) {
      case 'stateChanged': return this.#stateChanged(detail);
      case 'sessionCreated': return this.#created(detail);
      case 'sessionReused': return this.#say('reused', `${this.#name} already has a live session, so it is used again: no second handshake.`);
      case 'sessionError': return this.#lost(detail);
      case 'recoveryStarted': {
        this.recovering = true;
        const waiting = this.#calls();
        const then = waiting === 0 ? 'Nobody is waiting for an answer.' : `${capital(count(waiting, 'call'))} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
        return this.#say('recovery', `One new handshake is made. ${then}`);
      }
      case 'recoverySucceeded': {
        this.recovering = false;
        const waiting = this.#calls();
        this.sessionId = detail.sessionId;
        const rest = waiting === 0 ? '' : `, and ${waiting === 1 ? 'the call that waited is' : `the ${count(waiting, 'call')} that waited are`} sent again`;
        return this.#say('recovery', `One new handshake was made${this.#id(detail)}${rest}.`);
      }
      case 'recoveryFailed':
        this.recovering = false;
        return this.#say('recovery', `The attempts to get a new session are spent${because(detail)}; the next call will try again.`);
      case 'retryScheduled': {
        this.#waits += 1;
        this.#waited += detail.delayMs ?? 0;
        this.quietFrom = detail.at + (detail.delayMs ?? 0);
        const reason = detail.evidence ? ` (${detail.evidence})` : '';
        return this.#say('wait', this.#waits === 1
          ? `It waits ${duration(detail.delayMs ?? 0)} before the next try${reason}.`
          : `It has waited ${count(this.#waits, 'time')}, ${duration(this.#waited)} in all, a little longer each time${reason}.`);
      }
      case 'sessionExpired':
        return this.#say('end', 'Nobody used the session for as long as the settings allow, so the client has given it up; the next call opens a new one.');
      case 'sessionTerminated':
        return this.#say('end', `${this.#name}'s session is over: the server was told to drop it, and nothing more is sent on it.`);
      case 'requestSent': {
        if (plumbing.has(detail.method)) return false;
        for (const [id, call] of this.open) {
          if (detail.attempt > 1 && call.method === detail.method && (call.attempt ?? 1) === detail.attempt - 1) {
            this.open.delete(id);
            break;
          }
        }
        this.open.set(detail.requestId, detail);
        this.#method = detail.method;
        return !this.recovering && this.#say('calls', this.#progress());
      }
      case 'requestSettled': {
        if (plumbing.has(detail.method)) return false;
        this.open.delete(detail.requestId);
        this.#method = detail.method ?? this.#method;
        this.#longest = Math.max(this.#longest, detail.durationMs ?? 0);
        const outcome = detail.outcome ?? 'result';
        if (outcome === 'result') this.#answered += 1;
        else this.#failed.set(outcome, (this.#failed.get(outcome) ?? 0) + 1);
        return this.#say('calls', this.#progress());
      }
      case 'toolsChanged': return this.#say('tools', 'The tools the server offers are not the ones it had before.');
      case 'breakerOpened': return this.#say('breaker', 'Too much failed in a row: for a while nothing is sent, so as not to make things worse.');
      case 'breakerClosed': return this.#say('breaker', 'A careful probe came through: calls go out again.');
      default: return false;
    }
  }

  #stateChanged({ from, to }) {
    if (to === 'connecting') return this.#say('hello', `${this.#name}'s client introduces itself to the server.`);
    if (to === 'degraded') return this.#say('state', 'The server cannot be reached for now; the client stops hammering and waits for a reason to try again.');
    if (to === 'closed' && from === 'connecting') return this.#say('hello', `${this.#name}'s client could not open a session.`);
    return false;
  }

  #created(detail) {
    if (this.recovering) return false;
    this.sessionId = detail.sessionId;
    return this.#say('hello', detail.sessionId
      ? `The server has opened a session for ${this.#name} and called it ${short(detail.sessionId)}; every request from now on shows that id.`
      : `The server needs no session for ${this.#name}: it answers each request by itself.`);
  }

  #lost(detail) {
    const { code, evidence } = detail;
    const seen = evidence ? ` What was seen: ${evidence}.` : '';
    switch (code) {
      case 'session_terminated': return this.#say('error', `${saw(evidence, 'The server')}: it has forgotten ${this.sessionId ? `session ${short(this.sessionId)}` : 'the session'}.`);
      case 'session_invalid': return this.#say('error', `The server says that it does not know the session.${seen}`);
      case 'session_conflict': return this.#say('error', `The server believes that an older stream of this session is still open.${seen}`);
      case 'session_timeout': return this.#say('error', `An answer did not come in time; the session is kept.${seen}`);
      case 'session_expired': return this.#say('error', `The session is too old to be used.${seen}`);
      case 'network_error': return this.#say('error', `The server cannot be reached.${seen}`);
      default: return this.#say('error', `Something went wrong with the session: ${code}.${seen}`);
    }
  }

  #calls() {
    return this.open.size;
  }

  #progress() {
    const open = this.open.size;
    const failed = [...this.#failed.values()].reduce((sum, n) => sum + n, 0);
    const total = open + failed + this.#answered;
    const what = this.#method === 'tools/call' ? 'call' : this.#method ?? 'request';
    const many = what === 'call' ? 'calls' : `${what} requests`;
    if (open > 0) return `${capital(total === 1 ? `one ${what}` : count(total, what, many))} under way${this.#answered > 0 ? `, ${this.#answered} answered` : ''}.`;
    const took = total === 1 ? ` after ${duration(this.#longest)}` : `, the slowest after ${duration(this.#longest)}`;
    if (failed === 0) return total === 1 ? `The ${what} was answered${took}.` : `All ${count(total, what, many)} were answered${took}.`;
    const reasons = [...this.#failed].map(([code, n]) => `${total === 1 ? '' : `${n} × `}${inWords[code] ?? code}`).join('; ');
    return total === 1 ? `The ${what} failed${took}: ${reasons}.` : `${capital(count(this.#answered, 'answer'))}, ${count(failed, 'failure')} (${reasons})${took}.`;
  }

  #id(detail) {
    return detail.sessionId ? ` (the session is now ${short(detail.sessionId)})` : '';
  }

  /** The newest sentence goes last. */
  #say(key, sentence) {
    this.#sentences.delete(key);
    this.#sentences.set(key, sentence);
    return true;
  }
}

const inWords = {
  outcome_unknown: 'the connection broke before the answer came, and as nobody can tell whether it was done, it was not sent twice',
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
  return status ? `${who} answered ${status}` : evidence ? `${who} answered "${evidence}"` : `${who} refused the request`;
}

// The state of one path of the fault server: its sessions, and its record of requests and executions.
import { randomUUID } from 'node:crypto';

const longestTrace = 10_000;

/** One path of the fault server. Every path is a server of its own; nothing is shared between two of them. */
export class Place {
  constructor(path) {
    this.path = path;
    this.reset();
  }

  /** Resets the record, and ends the streams that are still open. */
  reset() {
    this.endStreams();
    this.sessions = new Map();
    this.streams = new Set();
    this.waitingForClient = new Map();
    this.resumable = new Map();
    this.switched = false;
    this.started = Date.now();
    this.counts = {
      initialize: 0,
      initialized: 0,
      http: {},
      rpc: {},
      status: {},
      sessionIds: {},
      unknownSession: 0,
      faulted: 0,
      calls: {},
      executions: {},
      lastEventIds: [],
      clientAnswers: [],
      cancelled: [],
      deleted: [],
      redirected: [],
      trace: [],
    };
  }

  /** @returns {string} the id of a new session */
  openSession() {
    const id = randomUUID();
    this.sessions.set(id, { id, calls: 0 });
    return id;
  }

  /** Loses every session, as a restart does. Open streams stay open unless they are ended too. */
  forget({ endStreams = false } = {}) {
    const forgotten = this.sessions.size;
    this.sessions.clear();
    if (endStreams) this.endStreams();
    return forgotten;
  }

  /** Ends the open GET streams. */
  endStreams() {
    for (const response of this.streams ?? []) response.end();
    this.streams?.clear();
  }

  /** Sends one event on every open stream. A function builds it from the request that opened the stream. */
  tell(message) {
    for (const stream of this.streams) {
      stream.write(`data: ${JSON.stringify(typeof message === 'function' ? message(stream.opener) : message)}\n\n`);
    }
    return this.streams.size;
  }

  /** Records the arrival of a request; its status is added when it has been answered. */
  see({ request, message, response }) {
    const { counts } = this;
    const sessionId = request.headers['mcp-session-id'];
    const entry = {
      at: Date.now() - this.started,
      http: request.method,
      rpc: message?.method,
      id: message?.id,
      sessionId,
    };
    tally(counts.http, request.method);
    tally(counts.sessionIds, sessionId ?? 'none');
    if (message?.method) tally(counts.rpc, message.method);
    if (message?.method === 'initialize') counts.initialize += 1;
    if (message?.method === 'notifications/initialized') counts.initialized += 1;
    if (message?.method === 'notifications/cancelled') counts.cancelled.push(message.params?.requestId);
    if (request.headers['last-event-id'] !== undefined) {
      entry.lastEventId = request.headers['last-event-id'];
      counts.lastEventIds.push(entry.lastEventId);
    }
    if (counts.trace.length < longestTrace) counts.trace.push(entry);
    response.on('close', () => {
      entry.status = response.headersSent ? response.statusCode : 'none';
      tally(counts.status, entry.status);
    });
  }
}

function tally(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

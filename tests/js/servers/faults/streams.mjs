// Faults: event streams that end, are resumed, poll, trickle or come back too fast.

import { giveChosenAnswer } from './chosen-answer.mjs';

/** By path. */
export const streams = {
  /** The answer's stream ends without the answer and without an event id. The tool has run. */
  'stream-ends-unanswered': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      exchange.openStream();
      exchange.response.write(': nothing to say\n\n');
      return exchange.response.end();
    },
  },

  /**
   * The answer needs `?n=…` resumes (2): each sends a newer event id and ends again. With `?empty=1` the resumes in
   * between send nothing new. With `?never=1` the answer never comes.
   */
  'stream-resume': {
    call(exchange) {
      const stream = addResumable(exchange, { result: exchange.execute() });
      exchange.openStream();
      exchange.progress(1, 10, { id: nextEventId(stream) });
      exchange.response.end();
    },
    stream(exchange) {
      const stream = findResumable(exchange);
      if (!stream) return false;
      exchange.openStream();
      stream.resumes += 1;
      if (exchange.text('never') || stream.resumes < exchange.number('n', 2)) {
        if (!exchange.text('empty')) exchange.event(undefined, { id: nextEventId(stream) });
      } else {
        exchange.event(answerOf(stream), { id: nextEventId(stream) });
      }
      return exchange.response.end();
    },
  },

  /** The connection is reset instead of ended, after the first event id. A resume brings the answer. */
  'stream-resume-after-reset': {
    async call(exchange) {
      const stream = addResumable(exchange, { result: exchange.execute() });
      exchange.openStream();
      exchange.progress(1, 10, { id: nextEventId(stream) });
      await exchange.pause(30);
      exchange.reset();
    },
    stream: answerOnResume,
  },

  /**
   * Polling: an event with an id and no data, `retry` (`?retry=…`, 300), the end; the answer comes on the GET that
   * resumes it. The delay of each client is recorded as `resumedAfter`.
   */
  'stream-polling': {
    call(exchange) {
      const stream = addResumable(exchange, { result: exchange.execute() });
      exchange.openStream();
      exchange.event(undefined, { id: nextEventId(stream), retry: exchange.number('retry', 300) });
      exchange.response.end();
      stream.endedAt = Date.now();
    },
    stream: answerOnResume,
  },

  /** The id that a stream is resumed with is refused as unknown. */
  'stream-resume-refused': {
    call(exchange) {
      const stream = addResumable(exchange, { result: exchange.execute() });
      exchange.openStream();
      exchange.event(undefined, { id: nextEventId(stream) });
      exchange.response.end();
    },
    stream(exchange) {
      if (!findResumable(exchange)) return false;
      return giveChosenAnswer(exchange, { status: 400, words: 'Invalid event ID format', form: 'rpc' });
    },
  },

  'get-retry-zero': {
    stream(exchange) {
      exchange.openStream();
      exchange.response.end('retry: 0\n\n');
    },
  },

  /** `retry` asks for a very long wait. */
  'get-retry-huge': {
    stream(exchange) {
      exchange.openStream();
      exchange.response.end('retry: 99999999999999\n\n');
    },
  },

  'get-closes-at-once': {
    stream(exchange) {
      exchange.openStream();
      exchange.response.end();
    },
  },

  'get-resets-at-once': {
    async stream(exchange) {
      exchange.openStream();
      await exchange.pause(5);
      exchange.reset();
    },
  },

  /** A comment every `?ms=…` (100) and nothing else. */
  'get-trickle-comments': {
    async stream(exchange) {
      exchange.openStream();
      do exchange.response.write(': still here\n\n');
      while (await exchange.pause(exchange.number('ms', 100)));
    },
  },

  /** The stream is open and silent, without even a first byte of body. */
  'get-never-ends': { stream: (exchange) => exchange.openStream() },

  /** Not even the response headers of the GET stream are sent. */
  'get-never-begins': { stream: () => undefined },

  /** One notification with an event id each time, then the end: progress on every connection. */
  'get-one-event-each': {
    stream(exchange) {
      const { place } = exchange;
      place.eventNumber = (place.eventNumber ?? 0) + 1;
      exchange.openStream();
      exchange.event(
        { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: place.eventNumber } },
        { id: `get-${place.eventNumber}` },
      );
      exchange.response.end();
    },
  },

  /** Progress every `?ms=…` (200), `?n=…` times (10), then the answer. */
  'progress-slow': {
    async call(exchange) {
      const total = exchange.number('n', 10);
      exchange.openStream();
      for (let step = 1; step <= total; step += 1) {
        if (!(await exchange.pause(exchange.number('ms', 200)))) return;
        exchange.progress(step, total);
      }
      exchange.event({ jsonrpc: '2.0', id: exchange.message.id, result: exchange.execute() });
      exchange.response.end();
    },
  },
};

function addResumable({ place, message, sessionId }, { result }) {
  const stream = {
    name: `${message.id}`,
    sessionId,
    result,
    id: message.id,
    resumes: 0,
    events: 0,
    lastEventId: undefined,
  };
  place.resumable.set(stream.name, stream);
  place.counts.wrongCursors ??= 0;
  place.counts.resumedAfter ??= [];
  return stream;
}

/** The stream that this GET resumes; an outdated cursor is counted. */
function findResumable({ place, request, sessionId }) {
  const cursor = request.headers['last-event-id'];
  if (cursor === undefined) return undefined;
  const stream = place.resumable.get(cursor.slice(0, cursor.lastIndexOf('/')));
  if (!stream || stream.lastEventId !== cursor || stream.sessionId !== sessionId) place.counts.wrongCursors += 1;
  return stream;
}

function nextEventId(stream) {
  stream.events += 1;
  stream.lastEventId = `${stream.name}/${stream.events}`;
  return stream.lastEventId;
}

function answerOf({ id, result }) {
  return { jsonrpc: '2.0', id, result };
}

function answerOnResume(exchange) {
  const stream = findResumable(exchange);
  if (!stream) return false;
  if (stream.endedAt) exchange.place.counts.resumedAfter.push(Date.now() - stream.endedAt);
  exchange.openStream();
  exchange.event(answerOf(stream), { id: nextEventId(stream) });
  return exchange.response.end();
}

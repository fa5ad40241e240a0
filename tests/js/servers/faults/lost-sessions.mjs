// Faults: a session is lost, and the server reports it in one of the ways of real servers.
// Sessions are lost by POST /control/forget, or after a number of calls by `?after=…`.

const lost = (unknownSession, more = {}) => ({ unknownSession, ...more });

/** By path: the answer to a request with a lost session id. */
export const lostSessions = {
  'lost-404': {},
  'lost-404-text': lost((exchange) => exchange.say(404, 'session not found\n')),
  'lost-404-rmcp': lost((exchange) => exchange.say(404, 'Not Found: Session not found')),
  'lost-404-python': lost((exchange) => exchange.refuse(404, -32600, 'Session not found', { id: 'server-error' })),
  'lost-404-python-terminated': lost((exchange) =>
    exchange.refuse(404, -32600, 'Not Found: Session has been terminated', { id: 'server-error' }),
  ),
  'lost-404-empty': lost((exchange) => exchange.say(404)),
  'lost-404-html': lost((exchange) =>
    exchange.say(404, '<!doctype html><title>404 Not Found</title>', { type: 'text/html' }),
  ),
  'lost-400-ts-example': lost((exchange) => exchange.refuse(400, -32000, 'Bad Request: No valid session ID provided')),
  'lost-400-python': lost((exchange) => exchange.say(400, 'Bad Request: No valid session ID provided')),
  'lost-400-not-initialized': lost((exchange) => exchange.refuse(400, -32000, 'Bad Request: Server not initialized')),
  'lost-410': lost((exchange) => exchange.say(410)),
  'lost-200-error': lost((exchange) => {
    if (exchange.message?.id === undefined) return exchange.refuse(404, -32001, 'Session not found');
    return exchange.answerWith({
      jsonrpc: '2.0',
      id: exchange.message.id,
      error: { code: -32001, message: 'Session not found' },
    });
  }),

  /** Forgetting ends the open stream too, so that an idle client can detect it: its next GET is answered 404. */
  'lost-get-404': { forgetEndsStreams: true },

  /** A page sees a network error: the response has no CORS header. */
  'opaque-404': lost((exchange) => {
    for (const name of exchange.response.getHeaderNames()) exchange.response.removeHeader(name);
    exchange.refuse(404, -32001, 'Session not found');
  }),

  /** No session is stored at all, as when replicas do not share them. */
  'fresh-lost-at-once': {
    initialize(exchange) {
      exchange.response.on('finish', () => exchange.place.sessions.clear());
      return false;
    },
  },

  /** Accepts any session id. */
  'stale-accepts': {
    every(exchange) {
      if (exchange.sessionId !== undefined) exchange.session ??= { id: exchange.sessionId, calls: 0 };
      return false;
    },
  },

  /** The session ends while the call runs: the client cannot know whether it was executed. It was. */
  'lost-during-call-500': {
    call(exchange) {
      if (!exchange.takeTurn()) return false;
      exchange.execute();
      exchange.place.forget();
      return exchange.refuse(500, -32603, 'Session terminated before the request completed', {
        id: exchange.message.id,
      });
    },
  },

  /** A tool's answer carries another session id, which must be ignored. */
  'session-id-swap': {
    call: (exchange) => exchange.answer(exchange.execute(), { 'Mcp-Session-Id': 'swapped-session-id' }),
  },
};

// Answers that resemble a lost session but are none, and lost sessions reported in a vendor's own words.
import { between, call, fails, forget, ok, together, turn, until, watch } from './steps.mjs';

const slug = (text) => text.replaceAll(/\W+/g, '-').toLowerCase();

/** Answers to a GET where no stream is offered: none of them is about the session. */
const getRefusals = [
  { status: 404, form: 'framework', words: 'Route GET /mcp not found' },
  { status: 410, words: 'Gone' },
  { status: 400, form: 'rpc', words: 'Bad Request: Session ID is required' },
  { status: 404, form: 'rpc', code: -32001, words: 'Session not found' },
  { status: 404, form: 'html', words: 'Not Found' },
  { status: 400, words: 'Bad Request: No valid session ID provided' },
  { status: 422, form: 'framework', words: 'unknown session' },
  { status: 403, words: 'Forbidden' },
  { status: 500, words: 'cannot stream for this session' },
  { status: 501, words: 'Not Implemented' },
  { status: 503, words: 'no healthy upstream' },
  { status: 200, form: 'html', words: 'Welcome' },
];

const eachGetRefusal = getRefusals.map((settings) => ({
  name: `/get-refused: ${settings.status} "${settings.words}" to a GET costs no session and no call`,
  fault: 'get-refused',
  place: slug(`${settings.status} ${settings.words}`),
  settings,
  defaults: true,
  steps: [call(), until('http.GET', 1), watch(1_500), call(), together(5)],
  outcomes: Array(7).fill(ok),
  counts: { initialize: 1, 'http.GET': between(1, 4), 'rpc.ping': between(0, 1), executed: 7 },
  generation: 1,
  events: { recoveryStarted: 0, breakerOpened: 0, outageStarted: 0 },
}));

/** The event is gone: the answer is about the cursor. */
const resumeRefusals = [
  { status: 404, words: 'event not found' },
  { status: 404, form: 'rpc', code: -32001, words: 'Session not found' },
  { status: 410, words: '' },
  { status: 400, form: 'rpc', words: 'Invalid Last-Event-ID' },
  { status: 412, words: 'Precondition Failed' },
];

const eachResumeRefusal = resumeRefusals.flatMap((settings) => [
  {
    name: `/get-resume-refused: ${settings.status} "${settings.words}" drops the cursor, and the stream is opened without one`,
    fault: 'get-resume-refused',
    place: slug(`${settings.status} ${settings.words}`),
    settings,
    steps: [until('openStreams', 1), watch(500), call()],
    outcomes: [ok],
    counts: {
      initialize: 1,
      'http.GET': between(3, 4),
      'lastEventIds.length': 1,
      'rpc.ping': between(0, 1),
      executed: 1,
    },
    generation: 1,
  },
  {
    name: `/stream-resume-refused: ${settings.status} "${settings.words}" to a call's resume: the call's outcome is unknown, and the session is kept`,
    fault: 'stream-resume-refused',
    place: slug(`${settings.status} ${settings.words}`),
    settings,
    steps: [call(), watch(500)],
    outcomes: [fails('outcome_unknown', /./, { retryable: false })],
    counts: { initialize: 1, 'lastEventIds.length': 1, 'rpc.tools/call': 1, 'rpc.ping': between(0, 1), executed: 1 },
    generation: 1,
  },
]);

// In these rows the server forgets the session only once the GET stream is open: one that opens later would be refused
// and counted as well.

/**
 * A loss that one of these reports: the first call's error, and whether a second call has to meet it. Unsafe calls get
 * their error.
 */
const oddLosses = [
  { settings: { status: 500, words: 'Error: session 7 does not exist' }, code: 'outcome_unknown' },
  { settings: { status: 503, words: 'Session unavailable on this replica' }, code: 'outcome_unknown' },
  { settings: { status: 503, form: 'framework', words: 'no such session' }, code: 'outcome_unknown' },
  { settings: { status: 502, words: 'session worker is gone' }, code: 'outcome_unknown' },
  { settings: { status: 401, words: 'Session expired, please log in' }, code: 'unauthorized' },
  { settings: { status: 401, words: '' }, code: 'unauthorized', isRepeated: true },
  { settings: { status: 403, words: 'This session belongs to another node' }, code: 'forbidden' },
  {
    settings: { status: 200, form: 'own', code: -32600, words: 'Invalid or expired MCP session token' },
    code: 'rpc_error',
  },
  {
    settings: { status: 200, form: 'own', code: -32600, words: 'Call initialize first' },
    code: 'rpc_error',
  },
  // The second odd answer is the one to `tools/list`, which is sent because the outcome is unknown.
  { settings: { status: 500, words: 'Internal Server Error' }, code: 'outcome_unknown' },
  { settings: { status: 440, words: 'Login Time-out' }, code: 'http_error', isRepeated: true },
  { settings: { status: 419, form: 'html', words: 'Page Expired' }, code: 'http_error', isRepeated: true },
  {
    settings: { status: 412, form: 'rpc', code: -32099, words: 'handshake required' },
    code: 'rpc_error',
    isRepeated: true,
  },
];

const eachOddLoss = oddLosses.map(({ settings, code, isRepeated }) => ({
  name: `/odd-loss: ${settings.status} "${settings.words}" ${isRepeated ? 'twice' : 'once'}, and the next call has a new session`,
  fault: 'odd-loss',
  place: slug(`${settings.status} ${settings.form ?? ''} ${settings.words}`),
  settings,
  steps: [until('openStreams', 1), call(), forget, call(), ...(isRepeated ? [call()] : []), call(), call()],
  outcomes: [ok, fails(code), ...(isRepeated ? [fails(code)] : []), ok, ok],
  counts: { initialize: 2, initialized: 2, executed: 3, 'http.DELETE': 0 },
  sessionErrors: ['session_invalid'],
}));

/** Sentences of known servers: a ping decides, and the call succeeds. */
const knownSentences = [
  { status: 400, form: 'own', words: 'Bad Request: No valid session ID provided' },
  { status: 400, form: 'echoed', words: 'Bad Request: Server not initialized' },
  { status: 404, form: 'own', code: -32001, words: 'Session not found' },
  { status: 422, form: 'own', words: 'Session expired.' },
  { status: 409, form: 'own', words: 'Invalid session ID' },
];

const eachKnownSentence = knownSentences.map((settings) => ({
  name: `/odd-loss: ${settings.status} with the request's id and "${settings.words}": recovered, and the call succeeds`,
  fault: 'odd-loss',
  place: slug(`known ${settings.status} ${settings.form} ${settings.words}`),
  settings,
  steps: [until('openStreams', 1), call(), forget, call(), call()],
  outcomes: [ok, ok, ok],
  // The call, and the ping that decides.
  counts: { initialize: 2, executed: 3, 'rpc.ping': between(0, 1), unknownSession: between(1, 2) },
}));

/** The tool's own error, sent with an HTTP status: it is delivered as the answer. */
const handlerErrors = [
  { status: 404, code: -32001, words: 'customer 7 not found' },
  { status: 404, code: -32600, words: 'no such route' },
  { status: 410, code: -32000, words: 'the document was deleted' },
  { status: 404, form: 'echoed', words: 'customer 7 not found' },
  { status: 404, words: 'browser session 7 not found' },
  { status: 410, words: 'the recording of this session is gone' },
  { status: 400, code: -32602, words: 'invalid session parameter' },
  { status: 409, words: 'the session is already booked' },
  { status: 200, words: 'browser session 7 not found' },
];

const eachHandlerError = handlerErrors.map((settings) => ({
  name: `/handler-error: ${settings.status}${settings.form ? ' with the id as a string' : ''} "${settings.words}" is delivered once, and the session is kept`,
  fault: 'handler-error',
  place: slug(`${settings.status} ${settings.form ?? ''} ${settings.words}`),
  settings,
  steps: [call(), call(), watch(300)],
  outcomes: [fails('rpc_error', undefined, { message: /customer|route|document|session/ }), fails('rpc_error')],
  counts: { initialize: 1, 'rpc.tools/call': 2, 'rpc.ping': between(0, 2), executed: 2, 'http.DELETE': 0 },
  generation: 1,
  sessionErrors: [],
}));

/** A tool's response with a status of its own, as a body of any form: it is delivered once. */
const wrappedResponses = [
  ...['plain', 'problem', 'untyped', 'marked', 'batch', 'mixed', 'stream', 'primed', 'lines', 'untypedStream'].map(
    (wrapping) => ({ wrapping }),
  ),
  ...['plain', 'untyped', 'batch', 'stream'].map((wrapping) => ({ wrapping, bytes: 100_000 })),
  ...[404, 425, 500, 503].flatMap((status) => ['batch', 'stream'].map((wrapping) => ({ status, wrapping }))),
];

const eachWrappedResponse = wrappedResponses.flatMap((settings) =>
  [false, true].map((isError) => ({
    name: `/handler-wrapped: ${Object.values(settings).join(' ')}: ${isError ? 'an error' : 'a result'} with the request's id is delivered once`,
    fault: 'handler-wrapped',
    place: slug(`${Object.values(settings).join(' ')} ${isError}`),
    settings: isError ? { ...settings, error: 1 } : settings,
    steps: [call(), call()],
    outcomes: isError ? [fails('rpc_error', undefined, { message: /order failed/ }), fails('rpc_error')] : [ok, ok],
    counts: { initialize: 1, 'rpc.tools/call': 2, executed: 2, 'http.DELETE': 0 },
    generation: 1,
    sessionErrors: [],
  })),
);

/** Odd answers to every request of a live session, for a time. */
const oddTimes = [
  { status: 500, words: 'oops' },
  { status: 500, words: 'session store is slow' },
  { status: 401, words: '' },
  { status: 418, words: '' },
];

const eachOddTime = oddTimes.map((settings) => ({
  name: `/odd-for-a-while: ${settings.status} "${settings.words}" for every session: the old one is kept, the new one is ended`,
  fault: 'odd-for-a-while',
  place: slug(`${settings.status} ${settings.words}`),
  settings,
  steps: [call(), turn, call(), call(), until('deleted', 1), turn, call(), call()],
  outcomes: [ok, { ok: false }, { ok: false }, ok, ok],
  counts: { initialize: 2, 'deleted.length': 1, sessions: 1, executed: 3 },
  sessionErrors: [],
}));

const lostWhen = (name, lost, settings, more = {}) => ({
  name: `lostWhen: ${name}`,
  fault: 'odd-loss',
  place: slug(`lost when ${name}`),
  settings,
  server: { sessionConfig: { retryDelay: 40, lostWhen: lost } },
  steps: [until('openStreams', 1), call(), forget, call(), call()],
  outcomes: [ok, ok, ok],
  counts: { initialize: 2, executed: 3, unknownSession: 1, 'rpc.ping': 0 },
  sessionErrors: ['session_invalid'],
  ...more,
});

export const lookAlikeRows = [
  ...eachGetRefusal,
  ...eachResumeRefusal,
  ...eachOddLoss,
  ...eachKnownSentence,
  ...eachHandlerError,
  ...eachWrappedResponse,
  ...eachOddTime,
  {
    name: '/odd-for-a-while: over before the handshake is: the old session is kept, the new one is ended',
    fault: 'odd-for-a-while',
    place: 'short',
    settings: { status: 500, words: 'oops', times: 3 },
    steps: [call(), turn, call(), call(), until('deleted', 1), call()],
    // The third odd answer is the one to the ping, after those to the call and to `tools/list`.
    outcomes: [ok, fails('outcome_unknown'), ok, ok],
    counts: { initialize: 2, 'deleted.length': 1, sessions: 1, executed: 3 },
  },
  lostWhen('by status', [{ status: 418 }], { status: 418, words: 'who are you?' }),
  lostWhen('by words, whatever their case', [{ message: 'VAULT forgot' }], {
    status: 200,
    form: 'own',
    words: 'The Vault forgot you',
  }),
  lostWhen('by both, the second of two', [{ status: 499 }, { status: 500, message: 'who are you' }], {
    status: 500,
    form: 'framework',
    words: 'Who are you?',
  }),
  lostWhen(
    'another status is none',
    [{ status: 418, message: 'who are you' }],
    { status: 409, words: 'who are you?' },
    {
      outcomes: [ok, fails('http_error', /409/), fails('http_error', /409/)],
      counts: { executed: 1 },
      sessionErrors: undefined,
    },
  ),
  {
    name: '/progress-foreign: progress with an unknown token is dropped',
    fault: 'progress-foreign',
    steps: [call(), call()],
    outcomes: [ok, ok],
    counts: { initialize: 1, executed: 2 },
    notifications: { most: 0 },
  },
];

// The session is lost, in every way that servers have of saying so. Probes A, B, F and K.
import { between, call, connect, endStreams, fails, forget, ok, okWithin, settle, start, together, until, watch } from './steps.mjs';

/** By path: the code of the session error that the log and the events name. */
const sayings = {
  'lost-404': 'session_terminated', 'lost-404-text': 'session_terminated', 'lost-404-rmcp': 'session_terminated',
  'lost-404-python': 'session_terminated', 'lost-404-python-terminated': 'session_terminated', 'lost-404-empty': 'session_terminated',
  'lost-404-html': 'session_terminated', 'lost-410': 'session_terminated', 'lost-400-ts-example': 'session_invalid',
  'lost-400-python': 'session_invalid', 'lost-400-not-initialized': 'session_invalid', 'lost-200-error': 'session_invalid',
};

/** Words that a router or a handler may have written too: one ping decides. */
const doubtful = new Set(['lost-404-html', 'lost-200-error']);

const eachSaying = Object.entries(sayings).map(([fault, code]) => ({
  name: `/${fault}: the next call meets the loss, recovers and succeeds; the log says ${code}`,
  fault,
  steps: [until('openStreams', 1), call(), forget, call()],
  outcomes: [ok, ok],
  counts: { initialize: 2, initialized: 2, unknownSession: doubtful.has(fault) ? 2 : 1, 'rpc.ping': doubtful.has(fault) ? 1 : 0, executed: 2 },
  sessionErrors: [code],
}));

export const lostRows = [
  ...eachSaying,
  {
    name: 'probe A: the server forgets, the next three calls succeed on one new handshake',
    fault: 'lost-404', place: 'a', defaults: true,
    steps: [until('openStreams', 1), call(), forget, call(), call(), call()],
    outcomes: [ok, ok, ok, ok],
    counts: { initialize: 2, executed: 4, 'http.POST': 9 },
    log: ['Session error: session_terminated - Session has been terminated', 'Starting session recovery for error: session_terminated', 'Session recovery successful'],
  },
  {
    name: 'probe B: ten calls at once on a dead session share one handshake',
    fault: 'lost-404', place: 'b', defaults: true,
    steps: [call(), forget, together(10)],
    outcomes: Array(11).fill(ok),
    counts: { initialize: 2, executed: 11, unknownSession: between(1, 10) },
    recoveries: 1,
  },
  {
    name: 'probe B, with two hundred',
    fault: 'lost-404', place: 'b200',
    steps: [call(), forget, together(200)],
    outcomes: Array(201).fill(ok),
    counts: { initialize: 2, executed: 201, unknownSession: between(1, 64) },
    recoveries: 1,
  },
  {
    name: 'probe F: an id in the answer to a call is not taken',
    fault: 'session-id-swap',
    steps: [call(), call()],
    outcomes: [ok, ok],
    counts: { initialize: 1, executed: 2, 'sessionIds.swapped-session-id': 0 },
  },
  {
    name: 'probe K: an idle client finds the loss on its stream and heals without a call',
    fault: 'lost-get-404', defaults: true,
    steps: [until('openStreams', 1), forget, until('initialize', 2), until('http.GET', 3), call()],
    outcomes: [ok],
    // The GET and the ping that decides.
    counts: { initialize: 2, unknownSession: 2, 'rpc.ping': 1, executed: 1, 'http.GET': 3 },
    recoveries: 1,
  },
  {
    name: 'the session is lost again and again: each call still succeeds',
    fault: 'lost-404', place: 'again', settings: { after: 1 },
    steps: [call(), call(), call(), call()],
    outcomes: [ok, ok, ok, ok],
    counts: { initialize: 4, executed: 4, unknownSession: between(3, 10) },
  },
  {
    name: 'the session is lost while ten calls are under way: each runs once',
    fault: 'lost-404', place: 'under-way', settings: { after: 3 },
    steps: [together(6)],
    outcomes: Array(6).fill(ok),
    counts: { initialize: between(2, 3), executed: 6 },
  },
  {
    name: 'replay `safe`: what was refused unread goes again only if it is safe',
    fault: 'lost-404', place: 'replay-safe', server: { sessionConfig: { replay: 'safe', retryDelay: 40 } },
    steps: [forget, call('unsafe'), forget, call('safe'), call('unsafe')],
    outcomes: [fails('session_terminated', /404/, { retryable: true }), ok, ok],
    counts: { initialize: 3, executed: 2 },
  },
  {
    name: 'replay `never`: the loss is told, and the next call finds a new session',
    fault: 'lost-404', place: 'replay-never',
    steps: [forget, call('safe', { replay: 'never' }), call('safe')],
    outcomes: [fails('session_terminated', /404/), ok],
    counts: { initialize: 2, executed: 1 },
  },
  {
    name: '/opaque-404: where the answer can be read it is a plain loss; a page infers it, and does not run an unsafe call again',
    fault: 'opaque-404',
    steps: [call('safe'), forget, call('unsafe'), call('safe')],
    outcomes: [ok, ok, ok],
    counts: { initialize: 2, executed: 3 },
    browser: { outcomes: [ok, fails('outcome_unknown'), ok], counts: { initialize: 2, executed: 2 } },
  },
  {
    name: '/opaque-404: a safe call succeeds in a page too',
    fault: 'opaque-404', place: 'safe',
    steps: [call('safe'), forget, call('safe')],
    outcomes: [ok, ok],
    counts: { initialize: 2, executed: 2 },
  },
  {
    name: '/fresh-lost-at-once: a server that keeps no session is not asked for ever',
    fault: 'fresh-lost-at-once',
    steps: [call(), watch(1_500)],
    outcomes: [fails('session_terminated', /404/, { message: /does not keep sessions between replicas/ })],
    counts: { initialize: 2, executed: 0 },
  },
  {
    name: '/stale-accepts: no new session where the old id is still good',
    fault: 'stale-accepts',
    steps: [call(), forget, call()],
    outcomes: [ok, ok],
    counts: { initialize: 1, executed: 2 },
  },
  {
    name: '/lost-during-call-500: nobody knows; the next call recovers',
    fault: 'lost-during-call-500',
    steps: [call(), call()],
    outcomes: [fails('outcome_unknown', /500/), ok],
    counts: { initialize: 2, executed: 2 },
  },
  {
    name: 'a call that runs when the session is lost keeps its own answer',
    fault: 'call-slow', place: 'lost', settings: { ms: 600 },
    steps: [start('unsafe'), until('rpc.tools/call', 1), forget, { do: 'request', request: { method: 'ping' } }, settle],
    outcomes: [ok, ok],
    counts: { initialize: 2, executed: 1 },
  },
  {
    name: 'three users: each has a session of its own',
    fault: 'healthy', place: 'users',
    steps: [connect({ user: 'alice', times: 5 }), connect({ user: 'bob' }), connect({ user: 'carol' }), call()],
    outcomes: Array(8).fill(ok),
    counts: { initialize: 3, executed: 1, sessions: 3 },
  },
  {
    name: 'the stream ends while the session lives: it is opened again, and nothing else',
    fault: 'healthy', place: 'stream-ends', defaults: true,
    steps: [until('openStreams', 1), endStreams, until('http.GET', 2), call()],
    outcomes: [okWithin(0, 1_000)],
    counts: { initialize: 1, 'http.GET': 2, executed: 1 },
  },
];

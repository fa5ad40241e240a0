// The connection breaks, or no response arrives.
import { between, call, connect, fails, ok, okWithin, request, together, watch } from './steps.mjs';

/** With keep-alive, Chromium would retry a POST by itself when the connection is reset, without reporting it. */
const settings = { connection: 'close' };

const broken = { 'reset-before-answer': 0, 'reset-after-execution': 1, 'cut-body': 1, 'cut-stream': 1 };

const eachBroken = Object.entries(broken).map(([fault, executed]) => ({
  name: `/${fault}: the outcome of an unsafe call is unknown, and it does not run again`,
  fault,
  settings,
  steps: [call('unsafe'), call('unsafe')],
  outcomes: [fails('outcome_unknown', /./, { retryable: false, ms: [0, 2_000] }), ok],
  counts: { initialize: 1, 'rpc.tools/call': 2, executed: executed + 1 },
  // A page cannot see why a request failed: it may take the break for a hidden 404, and then makes one handshake.
  browser: { counts: { initialize: between(1, 2), 'rpc.tools/call': 2, executed: executed + 1 } },
}));

const eachBrokenSafe = Object.entries(broken).map(([fault, executed]) => ({
  name: `/${fault}: a safe call is retried once`,
  fault,
  place: 'set',
  settings,
  steps: [call('set', { key: 'set' })],
  outcomes: [ok],
  counts: { initialize: 1, 'rpc.tools/call': 2, 'executions.set': executed + 1 },
  browser: { counts: { initialize: between(1, 2), 'rpc.tools/call': 2, 'executions.set': executed + 1 } },
}));

export const connectionRows = [
  ...eachBroken,
  ...eachBrokenSafe,
  {
    name: 'a read whose connection is reset is retried more than once',
    fault: 'reset-before-answer',
    place: 'twice',
    settings: { ...settings, times: 2 },
    steps: [call('safe')],
    outcomes: [ok],
    counts: { 'rpc.tools/call': 3, executed: 1 },
  },
  {
    name: 'a read whose connection is reset each time is retried `retryAttempts` times, and then fails',
    fault: 'reset-before-answer',
    place: 'for-ever',
    settings: { ...settings, times: 1_000 },
    steps: [call('safe')],
    outcomes: [fails('network_error', /./, { retryable: true })],
    counts: { 'rpc.tools/call': 4, executed: 0 },
    browser: { outcomes: [{ ok: false, isMcpError: true }], counts: { 'rpc.tools/call': 4, executed: 0 } },
  },
  {
    name: '/never-answers: the deadline holds, the server is notified, the session stays',
    fault: 'never-answers',
    settings: { times: 1 },
    steps: [call('unsafe', { timeout: 1_000 }), call()],
    outcomes: [fails('request_timeout', undefined, { ms: [980, 1_900] }), ok],
    counts: { initialize: 1, executed: 2, 'cancelled.length': 1 },
    sessionErrors: ['session_timeout'],
  },
  {
    name: '/stream-never-answers: the same on a stream',
    fault: 'stream-never-answers',
    settings: { times: 1 },
    steps: [call('unsafe', { timeout: 1_000 }), call()],
    outcomes: [fails('request_timeout', undefined, { ms: [980, 1_900] }), ok],
    counts: { initialize: 1, executed: 2, 'cancelled.length': 1 },
  },
  {
    name: 'two deadlines in a row and an answered ping: the session stays',
    fault: 'never-answers',
    place: 'ping',
    steps: [
      call('unsafe', { timeout: 1_000 }),
      call('unsafe', { timeout: 1_000 }),
      { do: 'until', count: 'rpc.ping', atLeast: 1 },
      request('tools/list'),
    ],
    outcomes: [fails('request_timeout'), fails('request_timeout'), ok],
    counts: { initialize: 1, 'rpc.ping': 1 },
  },
  {
    name: '/goes-silent: two deadlines and an unanswered ping: a new handshake is tried',
    fault: 'goes-silent',
    server: { timeout: 1_000, initTimeout: 1_000 },
    steps: [call('unsafe'), call('unsafe'), { do: 'until', count: 'initialize', atLeast: 2 }],
    outcomes: [fails('request_timeout'), fails('request_timeout')],
    counts: { 'rpc.ping': 1, initialize: between(2, 5), executed: 0 },
  },
  {
    // It may serve requests although it holds the response to the notification back: the call shows that it does not.
    name: '/goes-silent before the handshake is over: the connect ends in time, and the call fails in time',
    fault: 'goes-silent',
    place: 'early',
    settings: { early: 1 },
    server: { initTimeout: 1_500, timeout: 1_500, sessionConfig: { retryAttempts: 1, retryDelay: 10 } },
    steps: [connect(), call()],
    outcomes: [okWithin(1_450, 2_500), { ok: false, code: 'request_timeout', ms: [1_450, 2_500] }],
    counts: { initialize: 1, executed: 0 },
  },
  {
    name: '/initialize-slow: all connects wait for the same handshake',
    fault: 'initialize-slow',
    settings: { ms: 300 },
    steps: [connect({ times: 20 }), call()],
    outcomes: [...Array(20).fill(okWithin(250, 2_000)), ok],
    counts: { initialize: 1, initialized: 1, executed: 1 },
  },
  {
    name: '/initialize-slow, longer than initTimeout: the connect fails in time',
    fault: 'initialize-slow',
    place: 'too-slow',
    settings: { ms: 5_000 },
    server: { initTimeout: 300, sessionConfig: { retryAttempts: 1, retryDelay: 10 } },
    steps: [connect()],
    outcomes: [{ ok: false, ms: [250, 2_500] }],
    counts: { initialize: between(1, 2), executed: 0 },
  },
  {
    name: '/call-slow: a cancelled call fails at once, and the server is notified',
    fault: 'call-slow',
    settings: { ms: 5_000 },
    steps: [call('unsafe', { abortAfter: 1_000 }), { do: 'until', count: 'cancelled', atLeast: 1 }, watch(300)],
    outcomes: [fails('cancelled', undefined, { ms: [950, 1_800] })],
    counts: { initialize: 1, 'rpc.tools/call': 1, 'cancelled.length': 1 },
  },
  {
    name: '/call-slow: fifty at once, in any order',
    fault: 'call-slow',
    place: 'fifty',
    settings: { ms: 100 },
    steps: [together(50)],
    outcomes: Array(50).fill(ok),
    counts: { initialize: 1, executed: 50 },
  },
  {
    name: 'a closed port: the error names the attempts and is retryable',
    fault: 'healthy',
    place: 'closed-port',
    url: 'http://127.0.0.1:9/mcp',
    server: { sessionConfig: { retryAttempts: 1, retryDelay: 20 } },
    steps: [connect()],
    outcomes: [fails('network_error', /./, { retryable: true })],
    counts: { initialize: 0 },
    // 127.0.0.1:9 is one of the ports that fetch itself refuses; a page cannot see why.
    browser: { outcomes: [{ ok: false, isMcpError: true }] },
  },
];

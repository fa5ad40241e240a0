// The server is out of reach for a time, as a proxy reports it.
import { between, call, fails, forget, ok, request, settle, start, together, turn, until, watch } from './steps.mjs';

/** Canaries continue for seconds, and the first ones are sent quickly. */
const patient = { sessionConfig: { retryAttempts: 8, retryDelay: 40 } };
const waiting = [start('unsafe'), start('unsafe'), start('safe')];

const eachStatus = [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527].map((status) => ({
  name: `/down: ${status} for a time: safe and new calls wait, each runs once, the session is kept`,
  fault: 'down',
  place: `${status}`,
  settings: { status },
  server: patient,
  steps: [call('safe'), turn, start('safe'), until('rpc.ping', 1), ...waiting, watch(300), turn, settle],
  outcomes: Array(5).fill(ok),
  counts: { initialize: 1, 'rpc.ping': between(2, 10), executed: 5 },
  events: { outageStarted: 1, outageEnded: 1, recoveryStarted: 0, breakerOpened: 0 },
  generation: 1,
  state: 'ready',
}));

export const outageRows = [
  ...eachStatus,
  {
    name: '/down: an unsafe call in flight when it began has an unknown outcome',
    fault: 'down',
    place: 'under-way',
    server: patient,
    steps: [request('tools/list'), call('safe'), turn, call('unsafe'), turn, call('unsafe')],
    outcomes: [ok, ok, fails('outcome_unknown', /502/, { retryable: false, ms: [0, 1_000] }), ok],
    counts: { initialize: 1, executed: 2 },
    generation: 1,
  },
  {
    name: '/down: a server without ping is detected by its error',
    fault: 'down',
    place: 'no-ping',
    settings: { noPing: 1 },
    server: patient,
    steps: [call('safe'), turn, start('safe'), until('rpc.ping', 2), ...waiting, turn, settle],
    outcomes: Array(5).fill(ok),
    counts: { initialize: 1, executed: 5 },
    events: { outageStarted: 1, outageEnded: 1 },
    generation: 1,
  },
  {
    name: '/down: the session was lost during it: one recovery, and waiting calls succeed',
    fault: 'down',
    place: 'lost',
    server: patient,
    steps: [call('safe'), turn, start('safe'), until('rpc.ping', 1), ...waiting, forget, turn, settle],
    outcomes: Array(5).fill(ok),
    counts: { initialize: 2, executed: 5 },
    recoveries: 1,
    sessionErrors: ['session_terminated'],
    generation: 2,
  },
  {
    name: '/down for longer than the attempts: calls fail, the session keeps its id, the next call is the next canary',
    fault: 'down',
    place: 'long',
    server: { sessionConfig: { retryAttempts: 2, retryDelay: 40 } },
    // Without the list of tools, no call is known to be safe.
    steps: [
      request('tools/list'),
      call('safe'),
      turn,
      call('safe'),
      call('unsafe'),
      together(20, 'unsafe'),
      watch(400),
      turn,
      call('unsafe'),
    ],
    outcomes: [ok, ok, ...Array(22).fill(fails('http_error', /502/, { retryable: true })), ok],
    // No handshake, and only pings after the first call.
    counts: { initialize: 1, 'rpc.ping': between(4, 8), 'rpc.tools/call': 3, executed: 2 },
    events: { outageStarted: 1, outageEnded: 1, recoveryStarted: 0, breakerOpened: 0 },
    generation: 1,
  },
  {
    name: '/down without end: the state is outage',
    fault: 'down',
    place: 'for-ever',
    server: { sessionConfig: { retryAttempts: 1, retryDelay: 40 } },
    steps: [request('tools/list'), call('safe'), turn, call('safe')],
    outcomes: [ok, ok, fails('http_error', /502/, { retryable: true })],
    counts: { initialize: 1, 'rpc.ping': 2, executed: 1 },
    state: 'outage',
    generation: 1,
  },
  {
    name: '/call-crashes: a read that brings the server down each time is retried at most `retryAttempts` times',
    fault: 'call-crashes',
    server: { sessionConfig: { retryAttempts: 3, retryDelay: 40 } },
    steps: [call('safe')],
    outcomes: [fails('http_error', /502/, { retryable: true })],
    counts: { initialize: 1, 'rpc.tools/call': 4, executed: 0 },
    generation: 1,
  },
];

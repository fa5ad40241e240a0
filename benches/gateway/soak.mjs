// Calls, streams, sessions that are opened and ended, and a server that is killed repeatedly. Every answer must be
// right, and memory must not grow without bound.
import { setTimeout as wait } from 'node:timers/promises';
import { eventsOf, messageOf, sender } from '../../tests/gateway/http.mjs';
import { startStack } from '../../tests/gateway/stack.mjs';
import { endSession, idempotent, isClosed } from './kept-connections.mjs';
import { memory, started, stopped } from './workerd.mjs';

const SESSIONS = 8;
const LANES = 16; // in which sessions come and go
const RESTART_EVERY = 15_000;
const LINES = 20; // of the gateway's log
const WARM = 0.1; // of the time, before memory is first measured
const MINUTE = 60_000;

// Why a call may fail after a kill of the server (docs/recovery.md): it was cut and must not run twice; or it had not been
// sent, or could be repeated, and the server was not back before all attempts to reach it were spent.
const CUT = new Set(['outcome_unknown', 'network_error']);

/**
 * Runs for the given number of seconds; throws at the first answer that is neither right nor, only after a kill of the
 * server, an error of CUT. With `onWrong` it counts such answers and goes on.
 * @param {number} seconds
 * @param {object} [options]
 * @param {number} [options.restartEvery] milliseconds between kills of the server; 0: none
 * @param {number} [options.rate] of sessions that come and go, a second; as many as possible one after the other by default
 * @param {number} [options.pace] milliseconds from one turn of a kept session to its next; one after the other by default
 * @param {(error: Error, lines: string[]) => void} [options.onWrong] gets each wrong answer, and the gateway's last log lines
 * @param {(line: string) => void} [options.tell] gets a line a minute
 */
export async function soak(seconds, { restartEvery = RESTART_EVERY, rate, pace = 0, onWrong, tell } = {}) {
  const { running: stack, pid } = await started(() =>
    startStack({ vars: { RATE_PER_MINUTE: 0, MAX_SESSIONS_PER_USER: 1_000_000 } }),
  );
  const tally = {
    reads: 0,
    streams: 0,
    unsafe: 0,
    events: 0,
    sessions: 0,
    kills: 0,
    down: false,
    closed: 0,
    wrong: 0,
    unknown: {},
  };
  let failure;
  const from = performance.now();
  const until = from + seconds * 1_000;
  const goesOn = () => failure === undefined && performance.now() < until;
  // The times at which sessions come.
  let coming = 0;
  const next = () => rate && from + (1_000 * coming++) / rate;
  const samples = [];
  const work = (job) => job.catch((error) => (failure ??= error));
  const checked = async (step) => {
    try {
      return await step;
    } catch (error) {
      if (!onWrong) throw error;
      tally.wrong += 1;
      onWrong(error, stack.lines.slice(-LINES));
    }
  };
  try {
    await Promise.all([
      ...Array.from({ length: SESSIONS }, (_, index) => work(client({ stack, tally, goesOn, checked, pace }, index))),
      ...Array.from({ length: rate ? LANES : 1 }, () => work(comeAndGo({ stack, tally, goesOn, checked }, next))),
      ...(restartEvery > 0 ? [work(restarts(stack, tally, goesOn, restartEvery))] : []),
      work(weigh({ stack, goesOn }, pid, samples, from + seconds * 1_000 * WARM)),
      work(report(pid, tally, goesOn, tell)),
    ]);
    if (failure) throw failure;
    return { seconds, ...tally, memory: { ...summed(samples), end: await memory(pid) } };
  } finally {
    await stopped(() => stack.stop(), pid);
  }
}

// One client that keeps its session for the whole time, and listens on a GET stream.
async function client({ stack, tally, goesOn, checked, pace }, index) {
  const { open, call, send, rpc } = sender(stack.url);
  const id = await open();
  // From now on it is known that "echo" is safe.
  const { result } = await messageOf(
    await send('POST', { headers: { 'Mcp-Session-Id': id }, body: rpc('tools/list', {}) }),
  );
  if (!result.tools.some(({ name, annotations }) => name === 'echo' && annotations.readOnlyHint))
    throw new Error('the list of tools is wrong');
  const leave = new AbortController();
  const listening = listen(stack, id, tally, leave.signal).then(
    () => undefined,
    (error) => error,
  );
  try {
    for (let turn = 1; goesOn(); turn += 1)
      await Promise.all([checked(mixed(call, id, turn, tally, index)), wait(pace)]);
  } finally {
    leave.abort();
  }
  const broken = await listening;
  if (broken) throw broken;
  await endSession(send, id);
}

async function mixed(call, id, turn, tally, index) {
  const texts = Array.from({ length: 5 }, (_, part) => `${index}.${turn}.${part}`);
  await Promise.all(
    texts.map((text, part) =>
      settled(tally, 'reads', text, () => call(id, 'echo', { text }, { id: turn * 10 + part })),
    ),
  );
  const steps = [];
  const isRight = await settled(
    tally,
    'streams',
    'took 100 ms',
    () => call(id, 'slow', { ms: 100 }, { id: turn * 10 + 8, meta: { progressToken: turn } }),
    steps,
  );
  if (isRight && steps.length !== 5) throw new Error(`${steps.length} steps of progress, not 5`);
  tally.events += steps.length;
  // The server sends a message on the GET stream.
  if (turn % 4 === 0) await settled(tally, 'unsafe', 'sent', () => call(id, 'notify', {}, { id: turn * 10 + 9 }));
}

// One call: true if its answer is right, false if it was cut by a kill of the server, and its error reports that, or if its
// connection was closed.
async function settled(tally, kind, text, call, told = []) {
  const { kills, down } = tally;
  const response = await (kind === 'reads' ? idempotent(call) : call()).catch((error) => {
    if (!isClosed(error)) throw error;
  });
  if (!response) {
    tally.closed += 1; // whether it has run is unknown, as after any broken connection
    return false;
  }
  const message = await answerOf(response, told);
  if (response.status === 200 && message?.result?.content?.[0].text === text) {
    tally[kind] += 1;
    return true;
  }
  const wasKilled = down || tally.kills > kills;
  if (!wasKilled || !CUT.has(message?.error?.data?.code))
    throw new Error(`"${text}" was wanted, this came: ${response.status} ${JSON.stringify(message)}`);
  tally.unknown[kind] = (tally.unknown[kind] ?? 0) + 1;
  return false;
}

// The answer, and the messages before it.
async function answerOf(response, told) {
  if (response.headers.get('content-type').startsWith('application/json')) return response.json();
  let answer;
  for await (const { data } of eventsOf(response)) {
    if (data && data.method === undefined) answer = data;
    else if (data) told.push(data);
  }
  return answer;
}

// Notifications of the server reach the client while it listens.
async function listen(stack, id, tally, signal) {
  const response = await fetch(stack.url, {
    headers: { Authorization: 'Bearer token-of-ada', Accept: 'text/event-stream', 'Mcp-Session-Id': id },
    signal,
  });
  if (response.status !== 200) throw new Error(`GET: ${response.status}`);
  try {
    for await (const { data } of eventsOf(response)) if (data) tally.events += 1;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// Sessions of one call each: leftovers of them would accumulate.
async function comeAndGo({ stack, tally, goesOn, checked }, next) {
  const client = sender(stack.url, 'token-of-bob');
  while (goesOn()) {
    const due = next();
    if (due !== undefined) await wait(Math.max(0, due - performance.now()));
    await checked(brief(client, tally));
  }
}

async function brief({ open, call, send }, tally) {
  // While the server is down, no session can be opened, and the client gets an error.
  const id = await idempotent(open).catch((error) =>
    /initialize: (502|503|504)/.test(error.message) ? undefined : Promise.reject(error),
  );
  if (id === undefined) return wait(200);
  await settled(tally, 'reads', 'brief', () => call(id, 'echo', { text: 'brief' }));
  await endSession(send, id);
  tally.sessions += 1;
}

async function restarts(stack, tally, goesOn, interval) {
  let next = performance.now() + interval;
  while (goesOn()) {
    await wait(200);
    if (performance.now() < next) continue;
    tally.kills += 1;
    tally.down = true;
    await stack.server.restart();
    tally.down = false;
    next = performance.now() + interval;
  }
}

async function weigh({ stack, goesOn }, pid, samples, from) {
  while (goesOn()) {
    if (performance.now() >= from) samples.push(await memory(pid));
    stack.lines.splice(0, stack.lines.length - LINES);
    await wait(500);
  }
}

async function report(pid, tally, goesOn, tell) {
  const from = performance.now();
  for (let minute = 1; tell && goesOn(); minute += 1) {
    while (goesOn() && performance.now() < from + minute * MINUTE) await wait(200);
    const { reads, sessions, kills } = tally;
    tell(`${minute} min: ${(await memory(pid)).toFixed(0)} MB, ${sessions} sessions, ${reads} reads, ${kills} kills`);
  }
}

/** Memory at the start and at most, and how much it grew in the second half: by the medians of its halves. */
function summed(samples) {
  const half = samples.slice(samples.length / 2);
  const middle = half.length / 2;
  const [before, after] = [median(half.slice(0, middle)), median(half.slice(middle))];
  return { start: samples[0], most: Math.max(...samples), growth: after / before - 1 };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

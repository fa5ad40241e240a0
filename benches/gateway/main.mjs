// The gateway's overhead and capacity. Every status and body is checked: a benchmark of errors would look fast. `make
// bench-worker` runs it. environment: BENCH_SECONDS a measurement, BENCH_ROUNDS of each, BENCH_RATE calls a second,
// BENCH_USERS, SOAK_SECONDS; the last two: 0 for none; BENCH_LOG: the gateway's LOG
import { availableParallelism, loadavg } from 'node:os';
import { closedLoop } from './closed-loop.mjs';
import { openLoop, writeBodies } from './open-loop.mjs';
import { run } from './run.mjs';
import { soak } from './soak.mjs';
import { startStack, ways } from './stack.mjs';
import { manyUsers } from './users.mjs';
import { memory } from './workerd.mjs';

const number = (name, usual) => Number(process.env[name] ?? usual);
const seconds = number('BENCH_SECONDS', 4);
const rounds = number('BENCH_ROUNDS', 5);
const rate = number('BENCH_RATE', 200);
const users = number('BENCH_USERS', 1_000);
const soakSeconds = number('SOAK_SECONDS', 600);
const STARTS = 3;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ms = (value) => value.toFixed(2);
const mb = (value) => `${value.toFixed(0)} MB`;
const machine = () => `${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}`;

// All ways take turns, round by round, so that other load on the machine affects each of them alike. The first round is
// a warm-up for compilers.
async function measuredRounds(stack, { server, sessions }, load) {
  const targets = [];
  for (const way of ways) targets.push(await stack.target(way, server, sessions));
  const results = new Map(ways.map((way) => [way, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const target of targets) {
      const result = await load(target);
      if (round > 0) results.get(target.way).push(result);
    }
  }
  await Promise.all(targets.map(({ end }) => end()));
  return results;
}

async function measured(stack, options, load) {
  return compared(await measuredRounds(stack, options, load));
}

function compared(results) {
  return new Map(ways.map((way) => [way, summed(results.get(way), results.get('JS object'))]));
}

// Compared round by round, not by medians: a slowdown of the machine lasts longer than a round.
function summed(results, object) {
  const of = (name) => median(results.map((result) => result[name]));
  const all = results.map(({ rps }) => rps);
  return {
    rps: of('rps'),
    least: Math.min(...all),
    most: Math.max(...all),
    p50: of('p50'),
    p99: of('p99'),
    ratio: median(results.map(({ rps }, round) => rps / object[round].rps)),
    added: median(results.map(({ p50 }, round) => p50 - object[round].p50)),
    answered: results.reduce((sum, { answered }) => sum + answered, 0),
  };
}

function print(title, results) {
  console.log(`\n${title} (${machine()})`);
  console.log(
    '| way | calls/s, median [least–most] | of the JS object | p50 ms | p99 ms | right answers |\n|---|---|---|---|---|---|',
  );
  for (const [way, { rps, least, most, ratio, p50, p99, answered }] of results) {
    console.log(
      `| ${way} | ${rps.toFixed(0)} [${least.toFixed(0)}–${most.toFixed(0)}] | ${ratio.toFixed(2)} | ${ms(p50)} | ${ms(p99)} | ${answered} |`,
    );
  }
}

async function loads(stack) {
  const closed = async (title, options, connections) => {
    const results = await measured(stack, options, (target) => closedLoop(stack, target, { connections, seconds }));
    print(`Closed loop, ${connections} connections, ${title}`, results);
    return results;
  };
  const alone = await closed('1 session, fast server', { server: 'fast', sessions: 1 }, 1);
  await closed('64 sessions, fast server', { server: 'fast', sessions: 64 }, 64);
  await closed('one hot session, fast server', { server: 'fast', sessions: 1 }, 16);
  await closed("16 sessions, the official SDK's server", { server: 'sdk', sessions: 16 }, 16);
  const latencies = (await fixedRate(stack)) ?? alone;
  return latencies.get('ours').added;
}

// The measurement of the last line, several times from the start: the speed of a workerd process varies by a tenth,
// and is constant for its lifetime.
async function headline(server, title) {
  const results = new Map(ways.map((way) => [way, []]));
  for (let start = 0; start < STARTS; start += 1) {
    const stack = await startStack(names.slice(0, 1));
    try {
      const rounds = await measuredRounds(stack, { server, sessions: 16 }, (target) =>
        closedLoop(stack, target, { connections: 16, seconds }),
      );
      for (const way of ways) results.get(way).push(...rounds.get(way));
    } finally {
      await stack.stop();
    }
  }
  const all = compared(results);
  print(`Closed loop, 16 connections, 16 sessions, ${title}, started ${STARTS} times`, all);
  return all.get('ours').ratio;
}

async function fixedRate(stack) {
  const bodies = await writeBodies(stack);
  try {
    await run('oha', ['--version']);
  } catch (error) {
    console.log(
      `\nNot measured: the open loop, because oha is missing (${error.message}). The p50 below is that of one connection in a closed loop.`,
    );
    return undefined;
  }
  const results = await measured(stack, { server: 'fast', sessions: 1 }, (target) =>
    openLoop(stack, target, { bodies, rate, seconds }),
  );
  print(`Open loop, ${rate} calls a second, one session, fast server`, results);
  return results;
}

const names = Array.from({ length: Math.max(1, users) }, (_, index) => `user-${index}`);
const stack = await startStack(names);
let added;
try {
  console.log(
    `Memory at rest: the gateway ${mb(await memory(stack.gateway.pid))}, the JS pass-through ` +
      `${mb(await memory(stack.passThrough.pid))}, each a workerd process of its own.`,
  );
  added = await loads(stack);
  if (users > 0) {
    console.log(`\n${users} users (${machine()}), all answers right:`);
    await manyUsers(stack, names, (line) => console.log(`- ${line}`));
  }
} catch (error) {
  console.error(
    `The gateway ${(await stack.gateway.isRunning()) ? 'is running' : 'has ended'}; its last log lines:\n${stack.gateway.lines.join('\n')}`,
  );
  throw error;
} finally {
  await stack.stop();
}
const ratio = await headline('fast', 'fast server');
const streams = await headline('streaming', 'fast server that answers by streams');
if (soakSeconds > 0) {
  const {
    seconds: lasted,
    memory: weight,
    reads,
    streams,
    unsafe,
    events,
    unknown,
    closed,
    sessions,
    kills,
  } = await soak(soakSeconds);
  console.log(
    `\nSoak of ${lasted} s (${machine()}): ${reads} reads, ${streams} streams, ` +
      `${unsafe} unsafe calls, ${events} events, ${sessions} sessions opened and ended, ${kills} kills of the server`,
  );
  console.log(
    `failed, each cut by a kill: ${JSON.stringify(unknown)}; connections closed with a request on them: ${closed}; all others right`,
  );
  console.log(
    `memory of workerd: ${mb(weight.start)} at the start, ${mb(weight.end)} at the end, ${mb(weight.most)} at most`,
  );
}
console.log(
  `\nrps ratio to the JS object: ${ratio.toFixed(2)}; p50 added: ${ms(added)} ms; rps ratio of streams: ${streams.toFixed(2)}`,
);

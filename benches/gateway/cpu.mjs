// CPU time that workerd takes for a call: the gateway's, the plain object's, and that of another build of the gateway.
// They take turns, so that other load on the machine affects each alike; unlike calls a second, CPU time hardly depends
// on it. environment: CPU_CALLS a round, CPU_ROUNDS of each, CPU_BASE the folder of the other build, CPU_ONLY a pattern
// for the loads' titles
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { resolve } from 'node:path';
import { startStack } from './stack.mjs';

const { CPU_CALLS = 500, CPU_ROUNDS = 15, CPU_BASE, CPU_ONLY = '' } = process.env;

const loads = [
  { title: '16 sessions, JSON', server: 'fast', sessions: 16, connections: 16 },
  { title: '16 sessions, streams', server: 'streaming', sessions: 16, connections: 16 },
  { title: '16 sessions, streams without a length', server: 'chunked', sessions: 16, connections: 16 },
  { title: 'one hot session, JSON', server: 'fast', sessions: 1, connections: 16 },
  { title: 'one connection, JSON', server: 'fast', sessions: 1, connections: 1 },
  { title: 'one connection, streams', server: 'streaming', sessions: 1, connections: 1 },
];

const ways = ['JS object', ...(CPU_BASE ? ['base'] : []), 'ours'];
const WARM_UP = 3; // rounds for the compilers
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Nanoseconds that the threads of a process have run. */
async function cpuOf(pid) {
  let sum = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const [ran] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')).split(' ');
    sum += Number(ran);
  }
  return sum;
}

/** One call; throws unless the answer is right. Resolves with the milliseconds that it took. */
function call(agent, { url, token, ids }, id) {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: `text ${id}` } },
  });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    Accept: 'application/json, text/event-stream',
    Authorization: `Bearer ${token}`,
    'MCP-Protocol-Version': '2025-11-25',
    'Mcp-Session-Id': ids[id % ids.length],
  };
  const from = performance.now();
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('error', failed).on('end', () => {
        const isRight =
          response.statusCode === 200 && text.includes(`"text":"text ${id}"`) && text.includes(`"id":${id}`);
        if (isRight) done(performance.now() - from);
        else failed(new Error(`${url}: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', failed).end(body);
  });
}

/** A round of calls over some connections. */
async function round(stack, target, connections) {
  const pid = { 'JS object': stack.passThrough.pid, base: stack.base.pid, ours: stack.gateway.pid }[target.way];
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let next = 1_000_000;
  const last = next + Number(CPU_CALLS);
  const lane = async () => {
    while (next < last) times.push(await call(agent, target, next++));
  };
  const before = await cpuOf(pid);
  await Promise.all(Array.from({ length: connections }, lane));
  const cpu = (await cpuOf(pid)) - before;
  agent.destroy();
  return { cpu: cpu / times.length / 1_000, p50: median(times) };
}

async function measure(stack, { server, sessions, connections }) {
  const targets = [];
  for (const way of ways) targets.push(await stack.target(way, server, sessions));
  const results = new Map(ways.map((way) => [way, []]));
  for (let turn = -WARM_UP; turn < CPU_ROUNDS; turn += 1) {
    for (const target of targets) {
      const result = await round(stack, target, connections);
      if (turn >= 0) results.get(target.way).push(result);
    }
  }
  await Promise.all(targets.map(({ end }) => end()));
  return results;
}

const stack = await startStack(['ada'], CPU_BASE && `${resolve(CPU_BASE)}/`);
try {
  console.log('| load | way | CPU µs a call | object / way | p50 ms added |\n|---|---|---|---|---|');
  for (const load of loads.filter(({ title }) => new RegExp(CPU_ONLY).test(title))) {
    const results = await measure(stack, load);
    const object = results.get('JS object');
    for (const [way, rounds] of results) {
      const ratio = median(rounds.map(({ cpu }, index) => object[index].cpu / cpu));
      const added = median(rounds.map(({ p50 }, index) => p50 - object[index].p50));
      const cpu = median(rounds.map((result) => result.cpu));
      console.log(`| ${load.title} | ${way} | ${cpu.toFixed(0)} | ${ratio.toFixed(3)} | ${added.toFixed(2)} |`);
    }
  }
} finally {
  await stack.stop();
}

// Calls at a fixed rate, with oha: each is sent on schedule, and its latency counts from then on, independently of
// earlier calls.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, sender } from '../../tests/gateway/http.mjs';
import { run } from './run.mjs';

// oha picks them at random. Answers to two requests with one id at the same time could not be told apart, which the
// number of ids makes unlikely.
const BODIES = 500_000;

const bodyOf = (id) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: `text ${id}` } },
  });

/** The file of requests: all of one size, so that all answers have one size. */
export async function writeBodies(stack) {
  const file = join(stack.state, 'open-loop');
  await writeFile(file, Array.from({ length: BODIES }, (_, index) => bodyOf(1_000_000 + index)).join('\n'));
  return file;
}

/**
 * Loads the first session of one target; `{ p50, p99 }` in milliseconds. Throws if any
 * response is wrong.
 */
export async function openLoop(stack, target, { bodies, rate, seconds, connections = 16 }) {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    Authorization: `Bearer ${target.token}`,
    'MCP-Protocol-Version': '2025-11-25',
    'Mcp-Session-Id': target.ids[0],
  };
  const size = await sizeOfAnswer(target);
  const before = await stack.countsOf(target.server);
  const wanted = rate * seconds;
  const output = await run('oha', [
    '--no-tui',
    '--output-format',
    'json',
    '--latency-correction',
    '-q',
    rate,
    '-n',
    wanted,
    '-c',
    connections,
    '-m',
    'POST',
    '-Z',
    bodies,
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    target.url,
  ]);
  const after = await stack.countsOf(target.server);
  const { summary, statusCodeDistribution, errorDistribution, latencyPercentiles } = JSON.parse(output);
  const what = `${target.way} at ${rate} calls a second`;
  const problems = [];
  if (statusCodeDistribution['200'] !== wanted) problems.push(`statuses ${JSON.stringify(statusCodeDistribution)}`);
  if (Object.keys(errorDistribution).length > 0) problems.push(`errors ${JSON.stringify(errorDistribution)}`);
  if (summary.totalData !== wanted * size)
    problems.push(`${summary.totalData} bytes of answers, not ${wanted} × ${size}`);
  const ran = after.calls.echo - before.calls.echo;
  if (ran !== wanted) problems.push(`the server ran ${ran} calls`);
  if (problems.length > 0) throw new Error(`${what}, of ${wanted} calls: ${problems.join('; ')}`);
  return {
    rps: summary.requestsPerSec,
    p50: latencyPercentiles.p50 * 1_000,
    p99: latencyPercentiles.p99 * 1_000,
    answered: wanted,
  };
}

// The right answer, checked.
async function sizeOfAnswer({ url, token, ids }) {
  const id = 1_000_000;
  const response = await sender(url, token).send('POST', { headers: { 'Mcp-Session-Id': ids[0] }, body: bodyOf(id) });
  const message = await messageOf(response.clone());
  if (response.status !== 200 || message.id !== id || message.result?.content[0].text !== `text ${id}`)
    throw new Error(`${url}: ${response.status} ${JSON.stringify(message)}`);
  return (await response.arrayBuffer()).byteLength;
}

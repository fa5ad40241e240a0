// The maximum throughput, with wrk: a connection sends its next call when it has the answer to the last.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

const script = fileURLToPath(new URL('closed-loop.lua', import.meta.url));

/** Loads one target; `{ rps, p50, p99 }`, in milliseconds. Throws if any response is wrong. */
export async function closedLoop(stack, target, { connections, seconds }) {
  const file = join(stack.state, 'closed-loop');
  await writeFile(file, [target.token, ...target.ids].join('\n'));
  const before = await stack.countsOf(target.server); // idle: the load before has waited for that
  const output = await run('wrk', [
    '--threads',
    1,
    '--connections',
    connections,
    '--duration',
    `${seconds}s`,
    '--timeout',
    '10s',
    '--script',
    script,
    target.url,
    '--',
    file,
  ]);
  const after = await stack.countsAfterLoad(target.server);
  const { answered, wrong, broken, seconds: lasted, p50, p99 } = JSON.parse(/^summary: (.*)$/m.exec(output)[1]);
  const what = `${target.way} at ${connections} connections`;
  if (wrong > 0 || broken > 0 || answered === 0)
    throw new Error(
      `${what}: ${answered} right answers, ${wrong} wrong, ${broken} broken off; ${/^example: .*$/m.exec(output)}`,
    );
  // Calls in flight at the end of the time have run, and have no answer.
  const ran = after.calls.echo - (before.calls.echo ?? 0);
  if (ran < answered || ran > answered + connections)
    throw new Error(`${what}: ${answered} answers, but the server ran ${ran} calls`);
  return { rps: answered / lasted, p50, p99, answered };
}

// A client that is a process of its own and exchanges lines of JSON, with the interface of those in clients.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endProcess } from './end-process.mjs';

/**
 * Starts `program ...args`, which speaks as tests/gateway/python-client.py does, and waits until it is connected.
 * @param {string} program
 * @param {string[]} args
 * @param {{ log?: (params: object) => void, open?: (link: string) => void }} [options]
 */
export async function startLineClient(program, args, { log = () => {}, open = () => {} } = {}) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = new Map(); // by id: { resolve, reject, onprogress }
  let complaints = '';
  let number = 0;
  let session;
  // A program that is missing never exits.
  const gone = once(child, 'exit').catch((error) => (complaints = error.message));
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints = (complaints + text).slice(-4_000)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, log: data, link, progress, result, error, session: named } = JSON.parse(line);
    session = named;
    if (data !== undefined) log({ params: { data } });
    else if (link !== undefined) open(link);
    else if (progress !== undefined) waiting.get(id).onprogress?.({ progress });
    else if (error !== undefined) waiting.get(id).reject(new Error(error));
    else waiting.get(id).resolve(result);
  });
  gone.then(() => waiting.forEach(({ reject }) => reject(new Error(`the client ended: ${complaints}`))));
  const expect = (id, onprogress) => new Promise((resolve, reject) => waiting.set(id, { resolve, reject, onprogress }));
  const ask = (line, onprogress) => {
    number += 1;
    child.stdin.write(`${JSON.stringify({ id: number, ...line })}\n`);
    return expect(number, onprogress);
  };
  await expect(0);
  // A failed test does not reach `end`: the process must not wait for this one, which ends with its input.
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) handle.unref();
  return {
    session: () => session,
    list: () => ask({ list: true }),
    call: (name, args, { onprogress } = {}) => ask({ call: name, arguments: args }, onprogress),
    end: () => endProcess(child, () => child.stdin.end()),
  };
}

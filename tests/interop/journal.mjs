// The journal of a server: its actions, a line of JSON each, in a file that outlives the process when it is killed. `{
// did: 'initialize' | 'call' | 'done' | 'cancelled', process, tool?, key? }`; servers in other languages write the
// same.
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** For the server: one write a line, so that a kill leaves whole lines behind. */
export function note(entry) {
  appendFileSync(process.env.JOURNAL, `${JSON.stringify({ process: process.pid, ...entry })}\n`);
}

/**
 * For the test: the contents of the journal so far.
 * @param {string} path
 */
export async function readJournal(path) {
  const entries = (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return {
    /** How often a tool did this in the call with this key. */
    count: (did, key) => entries.filter((entry) => entry.did === did && entry.key === key).length,
    /** The number of handshakes of each process, in the order of the processes. */
    handshakes() {
      const byProcess = new Map();
      for (const { did, process: id } of entries)
        if (did === 'initialize') byProcess.set(id, (byProcess.get(id) ?? 0) + 1);
      return [...byProcess.values()];
    },
  };
}

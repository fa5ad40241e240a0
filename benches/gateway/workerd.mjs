// The workerd processes started by this one: found, measured, and ended even if they hang.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const GRACE = 10_000;

/** Starts something that runs on workerd; returns it and the new process. */
export async function started(start) {
  const before = new Set(await processes());
  const running = await start();
  const [pid] = (await processes()).filter((other) => !before.has(other));
  if (pid === undefined) throw new Error('there is no new workerd process');
  return { running, pid };
}

/** Resident memory of a process in MB. */
export async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
}

/** Ends it: workerd with a hanging request ignores SIGTERM. */
export async function stopped(stop, pid) {
  await Promise.race([stop(), wait(GRACE, undefined, { ref: false })]);
  if (await isWorkerd(pid)) process.kill(pid, 'SIGKILL');
}

// The children of all threads of this process.
async function processes() {
  const threads = await readdir('/proc/self/task');
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
  const ours = await Promise.all(children.map(isWorkerd));
  return children.filter((_, index) => ours[index]);
}

/** Whether that process exists and is workerd. */
export async function isWorkerd(pid) {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return name.trim() === 'workerd';
}

// @ts-check
// One at a time: over tabs by Web Locks, over processes by the storage, within this process by a queue.

/** @type {Map<string, Promise<unknown>>} */
const queues = new Map();

/**
 * @template T
 * @param {any} storage
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function exclusively(storage, name, signal, act) {
  const before = queues.get(name);
  const turn = (async () => {
    await before;
    signal.throwIfAborted();
    return acrossContexts(storage, name, signal, act);
  })();
  const over = turn.catch(() => {});
  queues.set(name, over);
  try {
    return await turn;
  } finally {
    if (queues.get(name) === over) queues.delete(name);
  }
}

/** @type {typeof exclusively} */
async function acrossContexts(storage, name, signal, act) {
  if (storage.lock) return storage.lock(name, act);
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return act();
  /** @type {Promise<any> | undefined} */
  let acting;
  const hold = () => {
    acting = act();
    return acting;
  };
  return locks.request(name, { signal }, hold).catch(() => {
    signal.throwIfAborted();
    // In a sandboxed frame locks are there and refused (Web Locks §3.3).
    return acting ?? act();
  });
}

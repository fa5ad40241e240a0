// The name of this tab, by which servers count its requests: no other open window has it, and a reload keeps it.
// @ts-check

const key = 'tab';
const patienceMs = 500;
const reloadPatienceMs = 5_000; // the page before may still be closing

/** @type {Promise<string> | undefined} */
let own;

/** @returns {Promise<string>} */
export function tabName() {
  own ??= claim();
  return own;
}

async function claim() {
  const kept = sessionStorage.getItem(key);
  // A tab that was duplicated, or opened by another one, begins with a copy of its sessionStorage.
  if (kept && (await hold(kept, isReload() ? reloadPatienceMs : patienceMs))) return kept;
  // Of what the other window keeps there, its session is not this one's.
  sessionStorage.clear();
  const name = crypto.randomUUID().slice(0, 8);
  sessionStorage.setItem(key, name);
  await hold(name, patienceMs);
  return name;
}

/** Whether this page was loaded by a reload. */
export function isReload() {
  const [entry] = performance.getEntriesByType('navigation');
  return entry instanceof PerformanceNavigationTiming && entry.type === 'reload';
}

/**
 * Holds a lock while the page is open; false if another window has it.
 * @param {string} name
 * @param {number} patience
 * @returns {Promise<boolean>}
 */
function hold(name, patience) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise((release) => {
        addEventListener('pagehide', release, { once: true });
      });
    };
    // A refusal without a timeout: this context has no locks.
    navigator.locks
      .request(`tab ${name}`, { signal: AbortSignal.timeout(patience) }, held)
      .catch((error) => resolve(error.name !== 'TimeoutError'));
  });
}

// Out of the back/forward cache, without the lock.
globalThis.addEventListener?.('pageshow', async ({ persisted }) => {
  if (persisted && own && !(await hold(await own, reloadPatienceMs))) location.reload();
});

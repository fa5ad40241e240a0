// Servers in a Service Worker of this page: they speak MCP over HTTP as real ones do, and nothing has to run anywhere.
// @ts-check

import { withBrief } from './backend.js';

/** @import { Backend } from '../types.js' */

const keepAlive = 10_000; // a worker is stopped after half a minute without events
const patience = 8_000;

/**
 * @throws where Service Workers are missing or switched off; the message says so.
 * @returns {Promise<Backend>}
 */
export async function simulatedBackend() {
  await startWorker();
  // A room of this tab's own, which a reload comes back to.
  const room = sessionStorage.getItem('room') ?? crypto.randomUUID().slice(0, 8);
  sessionStorage.setItem('room', room);
  /** @type {(path: string) => string} */
  const address = (path) => new URL(`simulated/${room}/${path}`, document.baseURI).href;
  return {
    kind: 'simulated',
    about:
      'The servers are simulated, in a Service Worker of this page, and yet nothing is staged: they speak MCP over HTTP and fail as real ones do.',
    servers: withBrief(['notes', 'search', 'calendar'].map((name) => ({ name, url: address(`${name}/mcp`) }))),
    controlUrl: () => address('control'),
  };
}

async function startWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) {
    const why = isSecureContext
      ? ' (a private window may be the reason)'
      : ': the address has to begin with https:// or http://localhost';
    throw new Error(`This browser gives the page no Service Worker${why}.`);
  }
  await workers.register('service-worker.js', { type: 'module' });
  const registration = await inTime(workers.ready);
  if (!workers.controller) {
    const controlled = new Promise((resolve) => {
      workers.addEventListener('controllerchange', resolve, { once: true });
    });
    registration.active?.postMessage('claim');
    await inTime(controlled);
  }
  setInterval(() => {
    if (!document.hidden) registration.active?.postMessage('stay');
  }, keepAlive);
}

/** @template T @param {Promise<T>} promise @returns {Promise<T>} */
function inTime(promise) {
  /** @type {Promise<never>} */
  const late = new Promise((_resolve, reject) => {
    setTimeout(
      () =>
        reject(
          new Error('The Service Worker of this page does not start. Reload the page, and not with the Shift key.'),
        ),
      patience,
    );
  });
  return Promise.race([promise, late]);
}

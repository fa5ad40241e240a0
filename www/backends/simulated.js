// Servers in a Service Worker of this page: they speak MCP over HTTP like real ones, without a server process.
// @ts-check

import { tabName } from '../tab.js';
import { withBrief } from './backend.js';

/** @import { Backend } from '../types.js' */

const keepAlive = 10_000; // milliseconds; browsers stop a worker after 30 seconds without events
const patience = 8_000;

/**
 * @throws if Service Workers are missing or disabled; the message says so.
 * @returns {Promise<Backend>}
 */
export async function simulatedBackend() {
  await startWorker();
  // One room per tab, kept across reloads.
  const room = await tabName();
  /** @type {(path: string) => string} */
  const address = (path) => new URL(`simulated/${room}/${path}`, document.baseURI).href;
  // A room of its own: the faults of the first screen and of the laboratory do not meet.
  const story = new URL(`simulated/${room}-story/`, document.baseURI);
  return {
    kind: 'simulated',
    about:
      'The servers are simulated in a Service Worker of this page. They speak MCP over HTTP and fail like real ones; the client is the real library.',
    servers: withBrief(['notes', 'search', 'calendar'].map((name) => ({ name, url: address(`${name}/mcp`) }))),
    controlUrl: () => address('control'),
    story: { url: new URL('shop/mcp', story).href, controlUrl: new URL('control', story).href },
  };
}

async function startWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) {
    const why = isSecureContext
      ? ' (a private window may be the cause)'
      : ': the URL must begin with https:// or http://localhost';
    throw new Error(`Service Workers are not available to this page${why}.`);
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
          new Error('The Service Worker of this page did not start. Reload the page without holding the Shift key.'),
        ),
      patience,
    );
  });
  return Promise.race([promise, late]);
}

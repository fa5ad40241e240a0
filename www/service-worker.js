// The simulated MCP servers at `simulated/<room>/`, relative to this page. Other requests go to the network.
//
// In the folder of the page, not in simulated-server/, because the scope of a Service Worker is its folder. When the browser stops an idle worker, its
// sessions are lost, as with a restarted server.
// @ts-check

import { Room } from './simulated-server/room.js';

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const prefix = new URL('simulated/', self.location.href);
/** @type {Map<string, Room>} */
const rooms = new Map(); // one per tab, so that faults in one tab do not affect others

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
// A page that was loaded without the worker requests control; any message also keeps the worker alive for a while.
worker.addEventListener('message', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { href, search } = new URL(event.request.url);
  if (!href.startsWith(prefix.href)) return;
  const [name = '', ...path] = href.slice(prefix.href.length, href.length - search.length).split('/');
  const room = rooms.get(name) ?? new Room();
  rooms.set(name, room);
  event.respondWith(room.answer(event.request, path.join('/')));
});

// The simulated MCP servers, behind `simulated/<room>/` of wherever this page lies. Everything else goes to the network.
//
// It stands beside the page and not in simulated-server/: a Service Worker sees only what lies below it. When the
// browser stops an idle worker, its sessions are gone, which is what a restarted server is like.
// @ts-check

import { Room } from './simulated-server/room.js';

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const prefix = new URL('simulated/', self.location.href);
/** @type {Map<string, Room>} */
const rooms = new Map(); // a tab has one of its own, so that one visitor's faults do not meet another's calls

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
// A page that was loaded past the worker asks for it; any message also keeps the worker alive for a while.
worker.addEventListener('message', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { href, search } = new URL(event.request.url);
  if (!href.startsWith(prefix.href)) return;
  const [name = '', ...path] = href.slice(prefix.href.length, href.length - search.length).split('/');
  const room = rooms.get(name) ?? new Room();
  rooms.set(name, room);
  event.respondWith(room.answer(event.request, path.join('/')));
});

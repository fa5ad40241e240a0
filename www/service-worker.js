// The simulated MCP servers, behind `simulated/<room>/` of wherever this page lies. Everything else goes to the network.
//
// It stands beside the page and not in simulated-server/: a Service Worker sees only what lies below it. When the
// browser stops an idle worker, its sessions are gone, which is what a restarted server is like.

import { Room } from './simulated-server/room.js';

const prefix = new URL('simulated/', self.location.href);
const rooms = new Map(); // a tab has one of its own, so that one visitor's faults do not meet another's calls

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
// A page that was loaded past the worker asks for it; any message also keeps the worker alive for a while.
self.addEventListener('message', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { href, search } = new URL(event.request.url);
  if (!href.startsWith(prefix.href)) return;
  const [room, ...path] = href.slice(prefix.href.length, href.length - search.length).split('/');
  if (!rooms.has(room)) rooms.set(room, new Room());
  event.respondWith(rooms.get(room).answer(event.request, path.join('/')));
});

// Connections that are kept open to a server, and break just as a request is sent on one of them: the server closes those that are idle, or a balancer has
// forgotten them. workerd keeps them for 5 s, repeats no request, and neither tells nor lets choose on which connection one is sent (a header
// `connection: close` does not leave it). So what only reads is repeated at once: each time one such connection less is left, and then a new one is opened.
// @ts-check

import { Memo } from './memo.js';
import { isRead } from './reads.js';

const KEPT = 5_000; // milliseconds for which workerd keeps an idle connection
const SOON = 1_000; // milliseconds: a kept connection breaks within a round trip
const MOST = 16; // connections that broke since the last response
const TURNS = 6; // repetitions of a request: it may be what breaks them
const HEAD = 120; // characters; the module writes the method at the beginning
const METHOD = /^\{"jsonrpc":"2\.0","id":\d+,"method":"([^"]+)"/;

/** @type {Memo<{ answered: number, lost: number }>} */
const servers = new Memo(); // by URL: when a response began, and how many connections broke since

/**
 * Sends a request; again if it may have met a kept connection that is broken, and only reads.
 * @param {string} url
 * @param {RequestInit} init
 * @param {(url: string, init: RequestInit) => Promise<Response>} send
 * @param {string} [method] of the message
 * @returns {Promise<Response>}
 */
export async function repeated(url, init, send, method) {
  for (let turn = 0; ; turn += 1) {
    const began = Date.now();
    try {
      const response = await send(url, init);
      servers.set(url, { answered: Date.now(), lost: 0 });
      return response;
    } catch (error) {
      const isKept = brokeSoon(url, began) && turn < TURNS;
      if (!isKept || init.signal?.aborted || !isRepeatable(init, method)) throw error;
    }
  }
}

// All requests to a server share the connections, so what breaks is counted together: a server that breaks new ones, too, is soon left alone.
/** @param {string} url @param {number} began when the request was sent */
function brokeSoon(url, began) {
  const server = servers.get(url);
  if (!server || began - server.answered >= KEPT) return false;
  server.lost += 1;
  return server.lost <= MOST && Date.now() - began < SOON;
}

// Not the GET stream: the session opens it again, at its own pace.
/** @param {RequestInit} init @param {string} [method] */
function isRepeatable({ body }, method) {
  const named = method ?? (typeof body === 'string' ? METHOD.exec(body.slice(0, HEAD))?.[1] : undefined) ?? '';
  return named === 'ping' || isRead(named);
}

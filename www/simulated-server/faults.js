// Faults of the simulated servers: the effect of each on one request, and the requests that it applies to.
// Names and settings are those of the proxy in front of the real server (tests/js/servers/proxy/faults.mjs).
// @ts-check

import { refusal } from './answers.js';
import { pause } from './tools.js';

/** @import { Channel } from './channel.js' */
/** @import { Hooks, Rpc } from './server.js' */

/** @typedef {{ request: Request, message: Rpc | undefined }} Exchange */
/** @typedef {{ retryAfter?: number, executed?: boolean, delay?: number }} Settings */
/** @typedef {{ settings: Settings, pass: (hooks?: Hooks) => Promise<Response> }} Act */

// Only tool calls: lists and pings that the client sends by itself must not consume a fault.
/** @type {(exchange: Exchange) => boolean} */
const isCall = ({ message }) => message?.id !== undefined && message.method === 'tools/call';
/** @type {(exchange: Exchange) => boolean} */
const isStreamOpening = ({ request }) => request.method === 'GET';

/**
 * By kind: `act` gets the exchange `{ request, message }` and `{ settings, pass }`, and either responds or passes the request on.
 * @type {Record<string, { applies: (exchange: Exchange) => boolean, act: (exchange: Exchange, act: Act) => Response | Promise<Response> }>}
 */
export const faults = {
  'status-429': {
    applies: isCall,
    act: ({ message }, { settings }) => refuse(429, 'Too Many Requests', message, retryAfter(settings)),
  },
  'status-503': {
    applies: isCall,
    act: ({ message }, { settings }) => refuse(503, 'Service Unavailable', message, retryAfter(settings)),
  },
  'status-503-bare': { applies: isCall, act: answerBare },
  conflict: {
    applies: isStreamOpening,
    act: () => refuse(409, 'Conflict: Only one SSE stream is allowed per session'),
  },
  'lookalike-400': { applies: isCall, act: () => refuse(400, 'Bad Request: No valid session ID provided') },
  'cut-stream': { applies: isCall, act: (_exchange, { pass }) => pass({ beforeAnswer: cut }) },
  slow: { applies: isCall, act: delay },
};

/** @param {number} status @param {string} text @param {Rpc} [message] @param {Record<string, string>} [headers] */
function refuse(status, text, message, headers) {
  return refusal(status, -32000, text, message?.id ?? null, headers);
}

/** @param {Settings} settings */
function retryAfter({ retryAfter: seconds = 1 }) {
  return { 'Retry-After': String(seconds) };
}

/**
 * A 503 of a proxy. With `executed: true` the server ran the request, and only its response is lost.
 * @param {Exchange} _exchange
 * @param {Act} act
 */
async function answerBare(_exchange, { settings, pass }) {
  if (settings.executed) await pass().then((response) => response.text());
  return new Response('upstream connect error or disconnect/reset before headers', {
    status: 503,
    headers: { 'Content-Type': 'text/plain' },
  });
}

/**
 * The pause lets the client read the previous event: a failing body drops unread data.
 * @param {Channel} channel
 */
async function cut(channel) {
  await pause(120);
  channel.cut();
}

/** @param {Exchange} exchange @param {Act} act */
async function delay({ request }, { settings, pass }) {
  await pause(settings.delay ?? 2_000, request.signal);
  return pass();
}

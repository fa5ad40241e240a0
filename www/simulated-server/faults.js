// The faults that the simulated servers can be asked for: what each does to one request, and which requests it waits for.
// Names and settings are those of the proxy before the real server (tests/js/servers/proxy/faults.mjs).

import { refusal } from './answers.js';
import { pause } from './tools.js';

// Tool calls alone: what a client asks on its own behalf, lists and pings, would take a fault that somebody waits to see.
const isCall = ({ message }) => message?.id !== undefined && message.method === 'tools/call';
const isStreamOpening = ({ request }) => request.method === 'GET';

/** By kind: `act` gets the exchange `{ request, message }` and `{ settings, pass }`, and either answers itself or passes on. */
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

function refuse(status, text, message, headers) {
  return refusal(status, -32000, text, message?.id ?? null, headers);
}

function retryAfter({ retryAfter: seconds = 1 }) {
  return { 'Retry-After': String(seconds) };
}

/** A proxy's own 503. With `executed: true` the server did the work and only its answer is lost. */
async function answerBare(_exchange, { settings, pass }) {
  if (settings.executed) await pass().then((response) => response.text());
  return new Response('upstream connect error or disconnect/reset before headers', {
    status: 503,
    headers: { 'Content-Type': 'text/plain' },
  });
}

/** The pause lets the client read the event before: a body that fails drops what nobody has read yet. */
async function cut(channel) {
  await pause(120);
  channel.cut();
}

async function delay({ request }, { settings, pass }) {
  await pause(settings.delay ?? 2_000, request.signal);
  return pass();
}

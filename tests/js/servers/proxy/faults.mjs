// The faults of the proxy: the effect of each on one request, and the requests that it applies to.
import { setTimeout as wait } from 'node:timers/promises';
import { rpcError, sendJson } from '../shared/messages.mjs';

// Tool calls only: a client's own requests, lists and pings, would use up a fault meant for a call.
const isCall = ({ message }) => message?.id !== undefined && message.method === 'tools/call';
const isStreamOpening = ({ request }) => request.method === 'GET';

/**
 * By kind: `applies` returns whether the fault applies to a request; `act` gets the exchange and
 * `{ settings, forward }`, and either answers itself or forwards.
 */
export const faults = {
  'status-429': {
    applies: isCall,
    act: ({ response, message }, { settings }) =>
      refuse(response, 429, 'Too Many Requests', message, retryAfter(settings)),
  },
  'status-503': {
    applies: isCall,
    act: ({ response, message }, { settings }) =>
      refuse(response, 503, 'Service Unavailable', message, retryAfter(settings)),
  },
  'status-503-bare': { applies: isCall, act: answerBare },
  conflict: {
    applies: isStreamOpening,
    act: ({ response }) => refuse(response, 409, 'Conflict: Only one SSE stream is allowed per session'),
  },
  'lookalike-400': {
    applies: isCall,
    act: ({ response }) => refuse(response, 400, 'Bad Request: No valid session ID provided'),
  },
  'cut-stream': { applies: isCall, act: (_exchange, { forward }) => forward({ cutBeforeAnswer: true }) },
  slow: { applies: isCall, act: delay },
};

function refuse(response, status, text, message, headers) {
  sendJson(response, status, rpcError(-32000, text, message?.id ?? null), headers);
}

function retryAfter({ retryAfter: seconds = 1 }) {
  return { 'Retry-After': String(seconds) };
}

/** A proxy's own 503. With `executed: true` the server did the work and only its answer is lost. */
async function answerBare({ response }, { settings, forward }) {
  if (settings.executed) await forward({ discardAnswer: true });
  response
    .writeHead(503, { 'Content-Type': 'text/plain' })
    .end('upstream connect error or disconnect/reset before headers');
}

async function delay({ response }, { settings, forward }) {
  await wait(settings.delay ?? 2_000);
  if (!response.destroyed) await forward();
}

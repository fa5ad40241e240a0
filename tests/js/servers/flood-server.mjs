// A hand-written server that floods its client: thousands of pings and notifications, in a stream, in batches, in one
// body; and one that fails the answers to its own requests. `/a` and `/b` are two servers of one origin.
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';

/** @param {{ answerDelay?: number }} [options] milliseconds until an answer of the client is accepted */
export async function startFloodServer({ answerDelay = 5 } = {}) {
  const answers = { count: 0, now: 0, most: 0, ids: [], spoil: [] };
  const waiting = new Map(); // the tool call that is settled by an answer of the client
  const closed = [];

  const { origin, close } = await listen(async (request, response) => {
    setCorsHeaders(request, response);
    if (answerPreflight(request, response)) return;
    if (request.method !== 'POST') return void response.writeHead(request.method === 'GET' ? 405 : 200).end();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const message = JSON.parse(Buffer.concat(chunks).toString());
    if (message.method === undefined) return takeAnswer(message, response);
    if (message.id === undefined) return void response.writeHead(202).end();
    const reply = (result) => ({ jsonrpc: '2.0', id: message.id, result });
    if (message.method === 'initialize') {
      response.setHeader('Mcp-Session-Id', `session-${Math.random().toString(36).slice(2)}`);
      const { protocolVersion } = message.params;
      return sendJson(
        response,
        reply({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'flood', version: '1' } }),
      );
    }
    const result = reply({ content: [{ type: 'text', text: 'done' }] });
    const { name, arguments: args } = message.params ?? {};
    if (name === 'flood') return flood(response, result, args);
    if (name === 'ask') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(
        event({
          jsonrpc: '2.0',
          id: 'question',
          method: 'elicitation/create',
          params: { message: '?', requestedSchema: {} },
        }),
      );
      waiting.set('question', (answer) =>
        response.end(event(reply({ content: [{ type: 'text', text: JSON.stringify(answer) }] }))),
      );
      response.on('close', () => closed.push(name));
      return undefined;
    }
    return sendJson(response, result);
  });

  async function takeAnswer(message, response) {
    answers.count += 1;
    answers.now += 1;
    answers.most = Math.max(answers.most, answers.now);
    answers.ids.push(message.id);
    await new Promise((resolve) => setTimeout(resolve, answerDelay));
    answers.now -= 1;
    const spoilt = answers.spoil.shift();
    if (spoilt === 'cut') return void response.destroy();
    if (spoilt) return void response.writeHead(spoilt.status, spoilt.headers).end();
    waiting.get(message.id)?.(message.result ?? message.error);
    return void response.writeHead(202).end();
  }

  return { origin, urls: { a: `${origin}/a`, b: `${origin}/b` }, answers, closed, close };
}

/**
 * Messages `of` a kind, then the result. `as`: events of a stream, one chunk of them, one event with a batch, or a body
 * that is a batch.
 */
function flood(response, result, { of, count, as = 'events' }) {
  const one = (number) =>
    of === 'ping'
      ? { jsonrpc: '2.0', id: number, method: 'ping' }
      : { jsonrpc: '2.0', method: 'notifications/flood', params: { number, padding: 'x'.repeat(24) } };
  const all = Array.from({ length: count }, (_, number) => one(number));
  if (as === 'body') return sendJson(response, [...all, result]);
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (as === 'batch') return void response.end(event(all) + event(result));
  return void response.end(all.map(event).join('') + event(result));
}

const event = (message) => `data: ${JSON.stringify(message)}\n\n`;

function sendJson(response, body) {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

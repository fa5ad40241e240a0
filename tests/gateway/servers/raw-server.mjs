// A server that reads and writes JSON as text: it keeps what it receives byte for byte, and answers with text. Paths: /json answers with JSON where one message
// is enough, /sse always with event streams, /whole with those whose length is known, /json/late after a while.
import { setTimeout as wait } from 'node:timers/promises';
import { listen } from '../../js/servers/shared/listen.mjs';
import { readText } from '../../js/servers/shared/messages.mjs';

const LATE = 2_300; // milliseconds: after that, the gateway has begun a stream

const first = (pattern, text) => pattern.exec(text)?.[1];
const idIn = (text) => first(/"id":("[^"]*"|[^,}]+)/, text);
const methodIn = (text) => first(/"method":"([^"]+)"/, text);
const nameIn = (text) => first(/"name":"([^"]+)"/, text);
const unknown = (id) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;

// Line breaks of the text become fields of their own (HTML §9.2.6).
const event = (text) => `event: message\ndata: ${text.split('\n').join('\ndata: ')}\n\n`;

/**
 * @param {Record<string, (id: string, text: string) => string[]>} answers the messages of the answer to a call, by the name of the tool; those to other requests
 * by their method
 */
export async function startRawServer(answers) {
  const received = []; // bodies, without handshakes
  const greetings = []; // the bodies of `initialize`
  const waiting = new Map(); // the response that waits for the client's answer to a request, by the id of that request
  const held = [];

  function respond(response, path, messages, headers = {}) {
    const asked = messages.at(-1);
    const asks = methodIn(asked) !== undefined && idIn(asked) !== undefined;
    const isJson = path.startsWith('/json') && messages.length === 1 && !asks;
    const text = isJson ? messages[0] : messages.map(event).join('');
    const length = path === '/whole' && !asks ? { 'Content-Length': Buffer.byteLength(text) } : {};
    const type = isJson ? 'application/json' : 'text/event-stream';
    response.writeHead(200, { ...headers, ...length, 'Content-Type': type });
    response.write(text);
    if (asks) waiting.set(idIn(asked), response);
    else response.end();
  }

  function answer(response, path, text) {
    const [id, method] = [idIn(text), methodIn(text)];
    if (id === undefined || method === undefined) {
      response.writeHead(202).end();
      // The call that asked goes on.
      const call = method === undefined ? waiting.get(id) : undefined;
      call?.end(event(`{"jsonrpc":"2.0","id":${call.id},"result":{}}`));
      return;
    }
    if (method === 'initialize') {
      greetings.push(text);
      return void respond(response, path, [initialized(id, text)], { 'Mcp-Session-Id': 'raw' });
    }
    const found = answers[method === 'tools/call' ? nameIn(text) : method];
    response.id = id;
    if (!found) return void respond(response, '/json', [unknown(id)]);
    if (nameIn(text) !== 'pair') return void respond(response, path, found(id, text));
    // Of two calls, the later is answered first.
    held.push(() => respond(response, path, found(id, text)));
    if (held.length === 2) for (const finish of held.splice(0).reverse()) finish();
  }

  const server = await listen(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const text = await readText(request);
    if (!/"(initialize|notifications\/initialized|server\/discover)"/.test(text)) received.push(text);
    if (request.url === '/json/late') await wait(LATE);
    answer(response, request.url, text);
  });
  return { ...server, received, greetings };
}

function initialized(id, text) {
  const version = first(/"protocolVersion":"([^"]+)"/, text);
  return `{"jsonrpc":"2.0","id":${id},"result":{"protocolVersion":"${version}","capabilities":{"tools":{},"experimental":{"scale":1.0}},"serverInfo":{"name":"raw","version":"1"}}}`;
}

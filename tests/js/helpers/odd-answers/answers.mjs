// Odd answers: every status with bodies of several kinds, and bodies that are cut, held back, wrong or in another form.

const error = (id) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: 'It failed' } });
const json = { 'Content-Type': 'application/json' };
const stream = { 'Content-Type': 'text/event-stream' };

const bodies = {
  empty: () => [undefined, {}],
  'an error with its id': ({ id }) => [error(id ?? null), json],
  'an error without an id': () => [error(null), json],
  'a text': () => ['something happened', { 'Content-Type': 'text/plain' }],
};

// 401 and 407 are for providers, 421 is sent again by `fetch` itself (Fetch Standard, HTTP-network-or-cache fetch).
const statuses = [
  204, 206, 300, 302, 304, 400, 402, 403, 404, 405, 408, 409, 410, 415, 422, 425, 429, 440, 451, 498, 499, 500, 501,
  502, 503, 504, 520, 530, 599,
];

/** Of each: the odd answer, and whether a tool has run before it; both where either may be. */
export const answers = [];
for (const status of statuses)
  for (const [name, make] of Object.entries(bodies)) {
    const isBare = status === 204 || status === 304;
    if (isBare && name !== 'empty') continue;
    const mayRun =
      status >= 500 || status < 300 || (name === 'an error with its id' && status >= 400 && status !== 403);
    answers.push({
      name: `${status} with ${name}`,
      ran: mayRun ? [true, false] : [false],
      what: ({ response, message }) => {
        const [body, headers] = make(message ?? {});
        response.writeHead(status, headers).end(body);
      },
    });
  }

const whole =
  (change) =>
  ({ response, answer }) => {
    response.writeHead(200, json).end(JSON.stringify(change(answer ?? {})));
  };
const raw =
  (headers, change) =>
  ({ response, answer }) => {
    response.writeHead(200, headers).end(change(JSON.stringify(answer ?? {})));
  };
const cut =
  (headers) =>
  ({ request, response, answer }) => {
    response.writeHead(200, headers).write(JSON.stringify(answer ?? {}).slice(0, 20));
    setTimeout(() => request.socket.destroy(), 10);
  };
const bodiesOf200 = {
  'a reset': ({ request }) => request.socket.destroy(),
  'a body that is cut': cut(json),
  'a body that ends early': raw(json, (text) => text.slice(0, 20)),
  'an answer to another request': whole((answer) => ({ ...answer, id: 99_999_999 })),
  'an answer without an id': whole(({ jsonrpc, result }) => ({ jsonrpc, result })),
  'an id that is null': whole((answer) => ({ ...answer, id: null })),
  'an id as text': whole((answer) => ({ ...answer, id: String(answer.id) })),
  'a batch': whole((answer) => [answer]),
  'a batch with the answer twice': whole((answer) => [answer, answer]),
  'an empty batch': whole(() => []),
  'an error that is a text': whole(({ id }) => ({ jsonrpc: '2.0', id, error: 'broken' })),
  'neither result nor error': whole(({ id }) => ({ jsonrpc: '2.0', id })),
  'the request itself': ({ response, message }) => response.writeHead(200, json).end(JSON.stringify(message ?? {})),
  'HTML with 200': raw({ 'Content-Type': 'text/html' }, () => '<html>Login</html>'),
  'JSON as HTML': raw({ 'Content-Type': 'text/html' }, (text) => text),
  'JSON as an event stream': raw(stream, (text) => text),
  'an event stream as JSON': raw(json, (text) => `data: ${text}\n\n`),
  'an event stream': raw(stream, (text) => `id: 1\ndata: ${text}\n\n`),
  'the answer twice in a stream': raw(stream, (text) => `data: ${text}\n\ndata: ${text}\n\n`),
  'a stream that ends unanswered': raw(stream, () => ': hello\n\n'),
  'a stream with junk first': raw(stream, (text) => `data: {"json\n\ndata: hello\n\ndata: ${text}\n\n`),
  'a stream with an error event': raw(stream, () => 'event: error\ndata: {"error":"upstream"}\n\n'),
  'a stream that is cut': cut(stream),
};
for (const [name, what] of Object.entries(bodiesOf200)) answers.push({ name, ran: [true], what });

// Requests that are copied from the one before arrive as they were meant.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { RequestTemplate } from '../../gateway/request-template.js';

let server;
let url;
before(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    if (request.url === '/moved') response.writeHead(307, { location: '/elsewhere' });
    const { a, b, 'content-type': type } = request.headers;
    response.end(JSON.stringify({ method: request.method, path: request.url, a, b, type, body }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

const init = (headers, body, more) => ({ method: 'POST', redirect: 'manual', headers, body, ...more });
const type = 'application/json';

test('each request has its own head and body, however often one is repeated', async () => {
  const template = new RequestTemplate();
  const sent = async (path, given) => (await template.fetch(url + path, given)).json();
  const steps = [
    ['/', { a: '1', 'content-type': type }],
    ['/', { a: '1', 'content-type': type }],
    ['/', { a: '1', 'content-type': type }],
    ['/', { a: '2', 'content-type': type }],
    ['/', { a: '2', b: '1', 'content-type': type }],
    ['/', { a: '2', b: '1', 'content-type': type }],
    ['/', { a: '2', 'content-type': type }],
    ['/other', { a: '2', 'content-type': type }],
    ['/other', { a: '2', 'content-type': type }],
  ];
  for (const [turn, [path, headers]] of steps.entries()) {
    const { a, b } = headers;
    const expected = { method: 'POST', path, a, ...(b && { b }), type, body: `body ${turn}` };
    assert.deepEqual(await sent(path, init(headers, `body ${turn}`)), expected);
  }
});

test('headers that their owner changes afterwards are not those of the template', async () => {
  const template = new RequestTemplate();
  const headers = { a: '1' };
  for (const a of ['1', '1', '2', '2', '3']) {
    headers.a = a;
    assert.equal((await (await template.fetch(url, init(headers, 'x'))).json()).a, a);
  }
});

test('other methods, redirects and signals are those of the request', async () => {
  const template = new RequestTemplate();
  for (let turn = 0; turn < 3; turn += 1) {
    const { status } = await template.fetch(`${url}/moved`, init({}, 'x'));
    assert.equal(status, 307);
    const { method } = await (await template.fetch(`${url}/moved`, { method: 'PUT', headers: {}, body: 'x' })).json();
    assert.equal(method, 'PUT');
    const signal = AbortSignal.abort();
    await assert.rejects(template.fetch(`${url}/moved`, init({}, 'x', { signal })), { name: 'AbortError' });
  }
});

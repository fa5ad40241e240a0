// Checks the fault server itself with bare fetch: each path behaves as its name says, and is counted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../helpers/until.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';

let server;
before(async () => (server = await startFaultServer()));
after(() => server.close());

/** A minimal client. */
class BareClient {
  #nextId = 1;

  constructor(path, settings) {
    this.path = path;
    this.url = server.url(path, settings);
  }

  request(http, message, headers = {}) {
    const standard = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };
    if (this.session) standard['Mcp-Session-Id'] = this.session;
    const body = message && JSON.stringify({ jsonrpc: '2.0', ...message });
    return fetch(this.url, {
      method: http,
      headers: { ...standard, ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
    });
  }

  async connect() {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bare', version: '1' } };
    const answer = await this.request('POST', { id: this.#nextId++, method: 'initialize', params });
    this.session = answer.headers.get('mcp-session-id');
    await answer.text();
    const noted = await this.request('POST', { method: 'notifications/initialized' });
    await noted.text();
    return this;
  }

  call(name = 'unsafe', key = 'k') {
    return this.request('POST', { id: this.#nextId++, method: 'tools/call', params: { name, arguments: { key } } });
  }

  get counts() {
    return server.counts(this.path);
  }
}

function connect(name, settings) {
  const client = new BareClient(`/${name}/self-test`, settings);
  server.reset(client.path);
  return client.connect();
}

const lostAnswers = {
  'lost-404': [404, /"code":-32001.*"id":null/],
  'lost-404-text': [404, /^session not found/],
  'lost-404-rmcp': [404, /^Not Found: Session/],
  'lost-404-python': [404, /-32600.*"id":"server-error"/],
  'lost-404-python-terminated': [404, /terminated/],
  'lost-404-empty': [404, /^$/],
  'lost-404-html': [404, /^<!doctype/],
  'lost-400-ts-example': [400, /-32000.*No valid session/],
  'lost-400-python': [400, /^Bad Request: No valid/],
  'lost-400-not-initialized': [400, /not initialized/],
  'lost-410': [410, /^$/],
  'lost-200-error': [200, /"id":\d+,"error"/],
  'lost-get-404': [404, /Session not found/],
  'opaque-404': [404, /Session not found/],
  'stale-accepts': [200, /"result"/],
};
for (const [name, [status, body]] of Object.entries(lostAnswers)) {
  test(`/${name}: works, loses the session, and reports that`, async () => {
    const client = await connect(name);
    assert.equal((await client.call()).status, 200);
    assert.equal(server.forget(client.path), 1);
    const answer = await client.call();
    assert.equal(answer.status, status);
    assert.match(await answer.text(), body);
    assert.equal(answer.headers.get('access-control-allow-origin'), name === 'opaque-404' ? null : '*');
    assert.equal(client.counts.executions.k, name === 'stale-accepts' ? 2 : 1);
  });
}

const callAnswers = {
  'rate-429-seconds': [429, { 'retry-after': /^1$/ }],
  'rate-429-date': [429, { 'retry-after': /GMT$/ }],
  'rate-429-bare': [429, {}],
  'retry-after-huge': [429, { 'retry-after': /^9{9}$/ }],
  'unavailable-503-retry': [503, { 'retry-after': /^1$/ }],
  'unavailable-503-bare': [503, {}],
  'bad-gateway-502': [502, {}],
  'gateway-timeout-504': [504, {}],
  'forbidden-403': [403, {}],
  'method-not-found-404': [404, {}],
  'unauthorized-401': [401, { 'www-authenticate': /^Bearer/ }],
  'redirect-other-origin': [307, { location: /stranger/ }],
};
for (const [name, [status, headers]] of Object.entries(callAnswers)) {
  test(`/${name}: answers ${status} and has not executed`, async () => {
    const client = await connect(name);
    const answer = await client.call();
    assert.equal(answer.status, status);
    for (const [header, pattern] of Object.entries(headers)) assert.match(answer.headers.get(header), pattern);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.deepEqual(client.counts.executions, {});
  });
}

test('a status fault is over after `times`, and can execute first', async () => {
  const client = await connect('unavailable-503-bare', { times: 2, executed: 1 });
  const seen = [];
  for (let turn = 0; turn < 3; turn += 1) seen.push((await client.call()).status);
  assert.deepEqual(seen, [503, 503, 200]);
  assert.equal(client.counts.executions.k, 3);
});

const brokenAnswers = { 'reset-before-answer': 0, 'reset-after-execution': 1, 'cut-body': 1, 'cut-stream': 1 };
for (const [name, executed] of Object.entries(brokenAnswers)) {
  test(`/${name}: breaks, and has executed ${executed} times`, async () => {
    const client = await connect(name);
    await assert.rejects(async () => (await client.call()).text());
    assert.equal(client.counts.executions.k ?? 0, executed);
    assert.equal((await client.call()).status, 200);
  });
}

for (const empty of [undefined, 1]) {
  test(`/stream-resume: the answer comes on the third resume${empty ? ', with nothing new in between' : ''}`, async () => {
    const client = await connect('stream-resume', { n: 3, ...(empty && { empty }) });
    let text = await (await client.call()).text();
    let cursor;
    for (let resumes = 0; resumes < 3; resumes += 1) {
      cursor = /^id: (.*)$/m.exec(text)?.[1] ?? cursor;
      assert.doesNotMatch(text, /"result"/);
      text = await (await client.request('GET', undefined, { 'Last-Event-ID': cursor })).text();
    }
    assert.match(text, /"result"/);
    assert.equal(client.counts.lastEventIds.length, 3);
    assert.equal(client.counts.wrongCursors, 0);
    assert.equal(client.counts.executions.k, 1);
  });
}

test('/stream-polling: primes, sends `retry`, and answers the resume', async () => {
  const client = await connect('stream-polling');
  const text = await (await client.call()).text();
  assert.match(text, /^id: (\S+)\nretry: 300\ndata: \n\n$/);
  const answer = await client.request('GET', undefined, { 'Last-Event-ID': /^id: (\S+)/.exec(text)[1] });
  assert.match(await answer.text(), /"result"/);
  assert.equal(client.counts.resumedAfter.length, 1);
});

test('/stream-ends-unanswered: ends without an answer or an id', async () => {
  const client = await connect('stream-ends-unanswered');
  assert.doesNotMatch(await (await client.call()).text(), /data|id:/);
  assert.equal(client.counts.executions.k, 1);
});

const getStreams = { 'get-retry-zero': 'retry: 0\n\n', 'get-closes-at-once': '' };
for (const [name, body] of Object.entries(getStreams)) {
  test(`/${name}`, async () => {
    const client = await connect(name);
    assert.equal(await (await client.request('GET')).text(), body);
  });
}

test('/get-resets-at-once', async () => {
  const client = await connect('get-resets-at-once');
  await assert.rejects(async () => (await client.request('GET')).text());
});

test('/get-trickle-comments and /get-never-ends stay open', async () => {
  const trickle = await (await connect('get-trickle-comments', { ms: 5 })).request('GET');
  const reader = trickle.body.getReader();
  for (let reads = 0; reads < 3; reads += 1)
    assert.match(Buffer.from((await reader.read()).value).toString(), /^(: still here\n\n)+$/);
  await reader.cancel();
  const silent = await (await connect('get-never-ends')).request('GET');
  assert.equal(silent.headers.get('content-type'), 'text/event-stream');
  await silent.body.cancel();
});

test('/conflict-409 and /get-405 concern the GET stream only', async () => {
  const taken = await connect('conflict-409');
  assert.equal((await taken.request('GET')).status, 409);
  assert.equal((await taken.call()).status, 200);
  assert.equal((await (await connect('get-405')).request('GET')).status, 405);
});

test('/lost-get-404: forgetting ends the open stream', async () => {
  const client = await connect('lost-get-404');
  const stream = await client.request('GET');
  server.forget(client.path);
  assert.match(await stream.text(), /^: open/);
  assert.equal((await client.request('GET')).status, 404);
});

test('/fresh-lost-at-once keeps no session', async () => {
  const client = await connect('fresh-lost-at-once');
  assert.equal((await client.call()).status, 404);
});

test('`after` loses the session after a number of calls', async () => {
  const client = await connect('lost-404', { after: 2 });
  const seen = [];
  for (let turn = 0; turn < 3; turn += 1) seen.push((await client.call()).status);
  assert.deepEqual(seen, [200, 200, 404]);
});

test('/session-id-swap: a call answers with another id', async () => {
  const client = await connect('session-id-swap');
  assert.equal((await client.call()).headers.get('mcp-session-id'), 'swapped-session-id');
});

test('/bad-session-id: the bytes are illegal', async () => {
  for (const [kind, pattern] of [
    ['space', /^has a space$/],
    ['latin1', /\u00e9/],
    ['long', /^x{9000}$/],
  ]) {
    assert.match((await connect('bad-session-id', { kind })).session, pattern);
  }
});

test('/huge-line and /huge-json are ten megabytes', async () => {
  for (const name of ['huge-line', 'huge-json']) {
    const client = await connect(name);
    assert.ok((await (await client.call()).text()).length > 10_000_000);
    assert.ok((await (await client.call()).text()).length < 1_000);
  }
});

test('/html-page: a page, also with status 200', async () => {
  const client = await connect('html-page', { when: 'call' });
  const answer = await client.call();
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /text\/html/);
});

for (const [name, status] of [
  ['delete-404', 404],
  ['delete-405', 405],
  ['delete-slow', 200],
  ['healthy', 200],
]) {
  test(`/${name}: DELETE is answered ${status} and noted`, async () => {
    const client = await connect(name, { ms: 100 });
    assert.equal((await client.request('DELETE')).status, status);
    assert.deepEqual(client.counts.deleted, [client.session]);
  });
}

for (const name of ['server-request-ping', 'server-request-unknown']) {
  test(`/${name}: asks, waits, and answers the call`, async () => {
    const client = await connect(name);
    const reader = (await client.call()).body.getReader();
    const { id } = JSON.parse(
      Buffer.from((await reader.read()).value)
        .toString()
        .slice(6),
    );
    assert.equal((await client.request('POST', { id, result: {} })).status, 202);
    assert.match(Buffer.from((await reader.read()).value).toString(), /"result"/);
    assert.equal(client.counts.clientAnswers[0].id, id);
  });
}

test('/redirect-other-origin: the other origin records its requests', async () => {
  const client = await connect('redirect-other-origin');
  const target = (await client.call()).headers.get('location');
  await (await fetch(target, { method: 'POST', headers: { 'Mcp-Session-Id': 'leaked' }, body: '{}' })).text();
  assert.equal(client.counts.redirected[0].sessionId, 'leaked');
});

test('/never-answers executes and stays silent', async () => {
  const client = await connect('never-answers');
  const abort = new AbortController();
  const hanging = fetch(client.url, {
    method: 'POST',
    signal: abort.signal,
    headers: { 'Mcp-Session-Id': client.session },
    body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'safe' } }),
  });
  const rejected = assert.rejects(hanging, { name: 'AbortError' });
  await until(() => client.counts.executions.default === 1, 'the tool has run');
  setTimeout(() => abort.abort(), 200);
  await rejected;
  assert.equal(client.counts.executions.default, 1);
});

test('the control endpoints do the same over HTTP', async () => {
  const client = await connect('lost-404-text');
  const control = (name, method = 'POST') =>
    fetch(`${server.origin}/control/${name}?path=${client.path}`, { method }).then((answer) => answer.json());
  assert.equal((await control('forget')).forgotten, 1);
  assert.equal((await client.call()).status, 404);
  assert.equal((await control('counts', 'GET')).unknownSession, 1);
  await control('reset');
  assert.equal((await control('counts', 'GET')).initialize, 0);
  assert.equal((await fetch(`${server.origin}/no-such-fault`)).status, 404);
});

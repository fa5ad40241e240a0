// What the gateway tells its operator: one log line a request, audit events, metrics, readiness.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { sender } from './http.mjs';
import { adminToken, startStack, until } from './stack.mjs';

const userHash = createHash('sha256').update('bearer:ada').digest('hex').slice(0, 16);
const handleOf = (session) => createHash('sha256').update(session).digest('hex');
const VERSION = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
const FIELDS = new Set(
  'level event server user method outcome ms session protocol code recovered trace kind route http status'.split(' '),
);

/** The log lines of this event, parsed. */
function linesOf(stack, event) {
  const all = stack.lines.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('{'));
  return all.map((line) => JSON.parse(line)).filter((line) => line.event === event);
}

describe('the operation of the gateway', { timeout: 180_000 }, () => {
  let stack;
  let modern;
  let ada;
  before(async () => {
    modern = await startModernServer({ legacy: 'reject', responseMode: 'json' });
    stack = await startStack({ servers: { modern: { url: modern.url } } });
    ada = sender(stack.url);
  });
  after(async () => {
    await stack?.stop();
    await modern.close();
  });

  const requests = (check) => linesOf(stack, 'request').filter(check);
  const one = (check, what) => until(() => requests(check)[0], what);
  const send = (method, params, headers = {}) =>
    sender(`${stack.origin}/modern/mcp`).send('POST', {
      headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': method, 'Mcp-Name': params.name, ...headers },
      body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } },
    });
  const admin = (path, options) => sender(stack.url, adminToken).send('GET', { path, ...options });
  const metrics = async () => (await admin('/metrics')).text();

  test('a call of a session has one line, with its session, user, server, method, outcome and duration', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    await (await ada.call(session, 'echo', { text: 'a secret of the call' })).text();
    const line = await one(({ session: of, method }) => of === handle && method === 'tools/call', 'the line');
    const { ms, ...rest } = line;
    assert.ok(Number.isInteger(ms) && ms >= 0);
    assert.deepEqual(rest, {
      level: 'info',
      event: 'request',
      server: 's',
      user: userHash,
      method: 'tools/call',
      outcome: 'ok',
      session: handle,
      protocol: '2025-11-25',
    });
    await (await ada.call(session, 'echo', { text: 'again' }, { id: 2 })).text();
    await until(() => requests((each) => each.session === handle && each.method === 'tools/call').length === 2, 'both');
    // `initialize`, the notification and the end are told by the entry.
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    await one(({ session: of, kind }) => of === handle && kind === 'end', 'the end');
    const kinds = requests(({ session: of }) => of === handle).map(({ method, kind }) => method ?? kind);
    assert.deepEqual(kinds.sort(), ['end', 'message', 'tools/call', 'tools/call']);
    assert.ok(requests(({ method, outcome }) => method === 'initialize' && outcome === 'ok').length >= 1);
  });

  test('outcomes tell errors of tools, of the server and of the gateway apart', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    const post = (method, params, id) =>
      ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc(method, params, id) });
    await (await post('tools/call', { name: 'no such tool', arguments: {} }, 1)).text();
    await (await post('a/method/of/its/own/with a secret', {}, 2)).text();
    await (await post('tools/list', {}, 3)).text();
    await (await post('tools/call', { name: 'fail', arguments: {} }, 4)).text();
    const told = await until(() => {
      const lines = requests(({ session: of, method }) => of === handle && method !== undefined);
      return lines.length >= 4 && lines;
    }, 'four lines');
    assert.deepEqual(
      told.map(({ method, outcome, code }) => [method, outcome, code]),
      [
        ['tools/call', 'rpc_error', 'rpc_error'],
        ['other', 'rpc_error', 'rpc_error'],
        ['tools/list', 'ok', undefined],
        ['tools/call', 'tool_error', undefined],
      ],
    );
    await (await ada.send('POST', { headers: { 'Mcp-Session-Id': 'A'.repeat(43) }, body: ada.rpc('ping', {}) })).text();
    const unknown = await one(({ outcome }) => outcome === 'not_found', 'the refusal');
    assert.deepEqual([unknown.server, unknown.status, unknown.user], ['s', 404, userHash]);
  });

  test('a call whose session was lost says that it was recovered, and why is a line of its own', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    await stack.forget();
    await (await ada.call(session, 'echo', { text: 'x' })).text();
    const line = await one(({ session: of, method }) => of === handle && method === 'tools/call', 'the call');
    assert.deepEqual([line.outcome, line.recovered], ['ok', true]);
    const recovery = await until(
      () => linesOf(stack, 'recovery').find((each) => each.session === handle),
      'the recovery',
    );
    const { outcome, reason, evidence } = recovery;
    assert.deepEqual([outcome, reason, evidence], ['recovered', 'session_terminated', 'HTTP status 404']);
    await (await ada.call(session, 'echo', { text: 'y' }, { id: 2 })).text();
    const calls = () => requests((each) => each.session === handle && each.method === 'tools/call');
    await until(() => calls().length === 2, 'the next call');
    assert.equal(calls()[1].recovered, undefined);
  });

  test('requests of 2026-07-28 have a line, too', async () => {
    await (await send('tools/list', {})).text();
    const { ms, ...line } = await one(
      ({ server, method }) => server === 'modern' && method === 'tools/list',
      'the line',
    );
    assert.ok(ms >= 0);
    assert.deepEqual(line, {
      level: 'info',
      event: 'request',
      server: 'modern',
      user: userHash,
      method: 'tools/list',
      outcome: 'ok',
      protocol: VERSION,
      route: 'mcp',
      http: 'POST',
      status: 200,
    });
    await (await sender(stack.url).send('GET', { path: '/sessions' })).text();
    assert.equal((await one(({ route }) => route === 'sessions', 'the list')).kind, 'other');
    await (await send('tools/call', { name: 'no such tool', arguments: {} })).text();
    await one(({ server, outcome }) => server === 'modern' && outcome === 'rpc_error', 'the error of the server');
  });

  test('audit events say who opened and ended sessions, and what was refused', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    await ada.send('DELETE', { path: `/sessions/${handle}` });
    await (await sender(stack.url, 'a wrong token').send('GET', { path: '/sessions' })).text();
    await (await sender(stack.url, 'no admin').send('GET', { path: '/admin/sessions' })).text();
    await until(() => linesOf(stack, 'audit').some(({ action }) => action === 'admin.refused'), 'the last event');
    const events = linesOf(stack, 'audit');
    for (const { audit, level } of events) assert.deepEqual([audit, level], [true, 'info']);
    const own = events.filter(({ session: of }) => of === handle);
    assert.deepEqual(
      own.map(({ action, by, user, server }) => [action, by, user, server]),
      [
        ['session.opened', undefined, userHash, 's'],
        ['session.ended', 'user', userHash, 's'],
      ],
    );
    assert.ok(events.some(({ action, route }) => action === 'auth.refused' && route === 'sessions'));
  });

  test('no line has a token, a session id, a user’s name, params or results, and every field is documented', async () => {
    const session = await ada.open();
    await (await ada.call(session, 'echo', { text: 'private words' })).text();
    await one(({ session: of, method }) => of === handleOf(session) && method === 'tools/call', 'the line');
    for (const line of requests(() => true)) for (const name of Object.keys(line)) assert.ok(FIELDS.has(name), name);
    const told = ['request', 'audit', 'recovery'].flatMap((event) => linesOf(stack, event));
    const text = JSON.stringify(told);
    for (const secret of [
      'token-of',
      adminToken,
      session,
      'bearer:',
      '"ada"',
      'private words',
      'a secret',
      'wrong token',
    ])
      assert.ok(!text.includes(secret), secret);
  });

  test('/metrics is valid Prometheus text, with histograms that add up', async () => {
    const session = await ada.open();
    const before = parsePrometheus(await metrics());
    for (let turn = 0; turn < 5; turn += 1) await (await ada.call(session, 'echo', { text: 'x' }, { id: turn })).text();
    const after = parsePrometheus(await metrics());
    const labels = { server: 's', class: 'call', outcome: 'ok' };
    const count = (metric) => sampleOf(metric, 'mcp_tether_request_duration_seconds_count', labels) ?? 0;
    assert.equal(count(after) - count(before), 5);
    const upstream = (metric) =>
      sampleOf(metric, 'mcp_tether_upstream_duration_seconds_count', { server: 's', status: '2xx' }) ?? 0;
    assert.ok(upstream(after) - upstream(before) >= 5);
    // One for each line: sessions of other tests were lost, too.
    await until(async () => {
      const count = sampleOf(parsePrometheus(await metrics()), 'mcp_tether_recovery_duration_seconds_count', {
        server: 's',
        outcome: 'recovered',
      });
      return count >= 1 && count === linesOf(stack, 'recovery').length;
    }, 'a recovery for each line');
  });

  test('/healthz and /readyz say that the gateway is ready', async () => {
    const health = await fetch(`${stack.origin}/healthz`);
    assert.deepEqual([health.status, await health.json()], [200, { ok: true, ready: true }]);
    const ready = await fetch(`${stack.origin}/readyz`);
    const checks = { settings: 'ok', bindings: 'ok', storage: 'ok' };
    assert.deepEqual([ready.status, await ready.json()], [200, { ready: true, checks }]);
  });

  test('HEAD is answered as GET is, without the body', async () => {
    const authorization = `Bearer ${adminToken}`;
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/admin/sessions', '/admin/servers']) {
      const headers = { authorization, accept: 'application/json' };
      const [head, get] = await Promise.all(
        ['HEAD', 'GET'].map((method) => fetch(new URL(path, stack.origin), { method, headers })),
      );
      assert.deepEqual([head.status, await head.text()], [get.status, ''], path);
      assert.equal(head.headers.get('content-type'), get.headers.get('content-type'), path);
      assert.notEqual(await get.text(), '');
    }
    assert.equal((await fetch(stack.url, { method: 'HEAD', headers: { authorization } })).status, 405);
  });
});

describe('the operation of a gateway with other settings', { timeout: 180_000 }, () => {
  let stack;
  before(async () => {
    stack = await startStack({ vars: { LOG: 'errors' } });
  });
  after(() => stack?.stop());

  test('LOG=errors leaves out what was served, LOG=off all requests, and audit events stay', async () => {
    const ada = sender(stack.url);
    const work = async () => {
      const session = await ada.open();
      await (await ada.call(session, 'echo', { text: 'x' })).text();
      await (
        await ada.send('POST', { headers: { 'Mcp-Session-Id': 'A'.repeat(43) }, body: ada.rpc('ping', {}) })
      ).text();
      await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    };
    const ended = () => linesOf(stack, 'audit').filter(({ action }) => action === 'session.ended').length;
    await work();
    await until(() => ended() === 1, 'the session has ended');
    assert.deepEqual(
      linesOf(stack, 'request').map(({ outcome }) => outcome),
      ['not_found'],
    );
    await stack.restartGateway({ vars: { LOG: 'off' } });
    await work();
    await until(() => ended() === 2, 'the session has ended');
    assert.equal(linesOf(stack, 'request').length, 1);
  });

  test('a gateway that is not configured lives, is not ready, and names what is wrong without its value', async () => {
    for (const [vars, name] of [
      [{ LOG: 'loudly-as-the-secret' }, 'LOG'],
      [{ AUTH: '' }, 'AUTH'],
      [{ BEARER_TOKENS: '{"ada": "the-secret' }, 'BEARER_TOKENS'],
    ]) {
      await stack.restartGateway({ vars });
      const health = await fetch(`${stack.origin}/healthz`);
      assert.deepEqual([health.status, await health.json()], [200, { ok: true, ready: false }]);
      const ready = await fetch(`${stack.origin}/readyz`);
      assert.equal(ready.status, 503);
      const text = await ready.text();
      assert.equal(JSON.parse(text).checks.settings, `${name}: missing or wrong, see the log of the gateway`);
      assert.ok(!text.includes('the-secret'));
      assert.equal((await fetch(stack.url, { method: 'POST' })).status, 500);
    }
  });
});

/**
 * Parses the text format of Prometheus strictly, and checks the rules for histograms.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
function parsePrometheus(text) {
  assert.ok(text.endsWith('\n'));
  const types = new Map();
  const samples = [];
  let helped;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|histogram)$/.exec(line);
    if (help) {
      assert.ok(!types.has(help[1]), `${help[1]}: all lines of a metric are in one group`);
      [, helped] = help;
    } else if (type) {
      assert.equal(type[1], helped);
      types.set(type[1], type[2]);
    } else {
      const found = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/.exec(line);
      assert.ok(found, line);
      const [, name, list = '', value] = found;
      assert.ok(Number.isFinite(Number(value)), line);
      assert.ok(name === helped || (types.get(helped) === 'histogram' && name.startsWith(`${helped}_`)), line);
      const labels = Object.fromEntries(
        [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, given]) => [label, given]),
      );
      samples.push({ name, labels, value: Number(value) });
    }
  }
  assert.equal(new Set(samples.map(({ name, labels }) => JSON.stringify([name, labels]))).size, samples.length);
  const histograms = [...types].filter(([, type]) => type === 'histogram').map(([name]) => name);
  assert.ok(histograms.length >= 2);
  for (const name of histograms) checkHistogram(name, samples);
  return samples;
}

function checkHistogram(name, samples) {
  const series = new Map();
  for (const sample of samples.filter((each) => each.name === `${name}_bucket`)) {
    const { le, ...others } = sample.labels;
    const key = JSON.stringify(others);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  assert.ok(series.size > 0);
  for (const [key, buckets] of series) {
    const labels = JSON.parse(key);
    const bounds = buckets.map(({ labels: { le } }) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)));
    assert.deepEqual(
      bounds,
      bounds.toSorted((one, other) => one - other),
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      counts,
      counts.toSorted((one, other) => one - other),
      'buckets are cumulative',
    );
    assert.equal(sampleOf(samples, `${name}_count`, labels), counts.at(-1));
    assert.ok(sampleOf(samples, `${name}_sum`, labels) >= 0);
  }
}

function sampleOf(samples, name, labels) {
  const key = JSON.stringify(Object.entries(labels).sort());
  return samples.find((one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === key)?.value;
}

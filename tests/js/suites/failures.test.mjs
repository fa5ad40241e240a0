// The caller's error when `fetch` fails, the host's or an injected one: its cause, and whether the request is retried.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { McpManager } from '../../../pkg/node.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { findFreePort } from '../servers/shared/listen.mjs';

const silent = { log: () => {} };
const quick = { protocolVersion: 'legacy', sessionConfig: { retryDelay: 1, retryAttempts: 2 } };

describe('a failing fetch', () => {
  let server;
  let manager;
  before(async () => {
    server = await startScriptedServer();
  });
  after(async () => {
    await manager?.close();
    await server.close();
  });

  /** A session whose `fetch` meets `fault` for tool calls. Returns it, and the number of their attempts. */
  async function faulty(fault) {
    const tries = { tools: 0 };
    const inject = (url, init) => {
      if (!init?.body?.includes('"tools/call"')) return fetch(url, init);
      tries.tools += 1;
      return fault(url, init);
    };
    await manager?.close();
    manager = new McpManager({ mcpServers: { s: { url: server.url, ...quick } } }, { fetch: inject, ...silent });
    return { session: await manager.connect('ada', 's'), tries };
  }

  const outcome = (session, name) =>
    session.callTool({ name }).then(
      () => undefined,
      (error) => error,
    );
  const codes = ({ code, retryable }) => ({ code, retryable });

  class LoginRequired extends Error {
    name = 'LoginRequired';
    code = 'ERR_JWT_EXPIRED';
  }

  for (const [what, thrown] of [
    ['an Error of an auth middleware', new Error('no account is signed in')],
    ['an error class of its own', new LoginRequired('sign in first')],
    ['a bug other than a TypeError', new RangeError('Invalid array length')],
    ['a string', 'not today'],
    ['nothing', undefined],
  ]) {
    for (const how of ['rejects with', 'throws']) {
      test(`an injected fetch that ${how} ${what}: fails at once, never retried`, async () => {
        const { session, tries } = await faulty(() => {
          if (how === 'throws') throw thrown;
          return Promise.reject(thrown);
        });
        for (const [name, count] of [
          ['read', 1],
          ['write', 2],
        ]) {
          const error = await outcome(session, name);
          assert.deepEqual(codes(error), { code: 'network_error', retryable: false });
          assert.match(error.message, /options\.fetch failed/);
          assert.equal(error.cause, thrown);
          assert.equal(tries.tools, count);
        }
      });
    }
  }

  const broken = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  for (const [what, thrown] of [
    ['a TypeError', new TypeError('Failed to fetch')],
    ['a NetworkError', new DOMException('A network error occurred.', 'NetworkError')],
    ['a timeout of its own', new DOMException('The operation timed out.', 'TimeoutError')],
    ['an AbortError of its own', new DOMException('This operation was aborted', 'AbortError')],
    ['an error with a code of the system', broken],
    ['an error whose cause has one', new Error('request failed', { cause: broken })],
    ['an error of undici', Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['what workerd says', new Error('Network connection lost.')],
  ]) {
    test(`an injected fetch that rejects with ${what}: a network failure, with its cause`, async () => {
      const { session, tries } = await faulty(() => Promise.reject(thrown));
      const read = await outcome(session, 'read');
      assert.deepEqual(codes(read), { code: 'network_error', retryable: true });
      assert.equal(read.cause, thrown);
      assert.ok(tries.tools > 1, 'a safe tool is retried');
      const before = tries.tools;
      const write = await outcome(session, 'write');
      assert.deepEqual(codes(write), { code: 'outcome_unknown', retryable: false });
      assert.equal(write.cause, thrown);
      assert.equal(tries.tools, before + 1, 'an unsafe tool is not');
    });
  }

  test('the cause is that of the last attempt', async () => {
    const thrown = [];
    const { session } = await faulty(() => {
      thrown.push(new TypeError(`attempt ${thrown.length + 1}`));
      return Promise.reject(thrown.at(-1));
    });
    const error = await outcome(session, 'read');
    assert.ok(thrown.length > 1);
    assert.equal(error.cause, thrown.at(-1));
  });

  test('an error from the server has no cause', async () => {
    const { session } = await faulty(fetch);
    const error = await session.request({ method: 'no/such' }).catch((reason) => reason);
    assert.equal(error.code, 'rpc_error');
    assert.equal('cause' in error, false);
  });

  test("connect fails with the cause too: at once for an error of an injected fetch, after the attempts for the host's own", async () => {
    const config = { mcpServers: { s: { url: server.url, sessionConfig: quick.sessionConfig } } };
    const thrown = new Error('no account is signed in');
    let tries = 0;
    const refusing = new McpManager(config, {
      ...silent,
      fetch: () => {
        tries += 1;
        throw thrown;
      },
    });
    const refused = await refusing.connect('ada', 's').catch((reason) => reason);
    assert.deepEqual(codes(refused), { code: 'network_error', retryable: false });
    assert.equal(refused.cause, thrown);
    assert.equal(tries, 1);
    await refusing.close();

    const url = `http://127.0.0.1:${await findFreePort()}/mcp`;
    const alone = new McpManager({ mcpServers: { s: { url, sessionConfig: quick.sessionConfig } } }, silent);
    const lost = await alone.connect('ada', 's').catch((reason) => reason);
    assert.equal(lost.code, 'network_error');
    assert.ok(lost.cause instanceof TypeError);
    assert.equal(lost.cause.cause.code, 'ECONNREFUSED');
    await alone.close();
  });

  const failed = (cause) => new TypeError('fetch failed', { cause });
  const system = (code, syscall, more) =>
    Object.assign(new Error(`${syscall ?? 'the host'} ${code}`), { code, ...(syscall && { syscall }), ...more });

  for (const [what, thrown] of [
    ...[
      'ECONNREFUSED',
      'ENETUNREACH',
      'EHOSTUNREACH',
      'ENETDOWN',
      'EADDRNOTAVAIL',
      'ETIMEDOUT',
      'ECONNABORTED',
      'EPERM',
    ].map((code) => [`${code} of connect`, failed(system(code, 'connect'))]),
    ...['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'].map((code) => [
      `${code} of getaddrinfo`,
      failed(system(code, 'getaddrinfo')),
    ]),
    ['the connect timeout of undici', failed(system('UND_ERR_CONNECT_TIMEOUT'))],
    [
      'a refusal of all addresses of a name',
      failed(new AggregateError([system('ECONNREFUSED', 'connect'), system('ENETUNREACH', 'connect')])),
    ],
    [
      'all addresses, without a wrapping TypeError',
      new AggregateError([system('ETIMEDOUT', 'connect'), system('ECONNREFUSED', 'connect')]),
    ],
    [
      'what Bun calls a refusal',
      Object.assign(new TypeError('Unable to connect. Is the computer able to access the url?'), {
        code: 'ECONNREFUSED',
      }),
    ],
    [
      'what Bun calls no route',
      Object.assign(new TypeError('ENETUNREACH: Was there a typo in the url or port?'), { code: 'ENETUNREACH' }),
    ],
    [
      'what Deno calls a refusal',
      new TypeError(
        'error sending request for url (http://a.test/): client error (Connect): tcp connect error: Connection refused (os error 111)',
      ),
    ],
    [
      'what Deno calls no route',
      failed(
        new Error('error sending request: client error (Connect): tcp connect error: No route to host (os error 113)'),
      ),
    ],
    ['a certificate that is not trusted', failed(system('DEPTH_ZERO_SELF_SIGNED_CERT'))],
    ['a certificate of an unknown issuer', failed(system('UNABLE_TO_VERIFY_LEAF_SIGNATURE'))],
    ['a certificate that has expired', failed(system('CERT_HAS_EXPIRED'))],
    ['a certificate of another host', failed(system('ERR_TLS_CERT_ALTNAME_INVALID'))],
    [
      'a TLS handshake that was cut',
      failed(
        system('ECONNRESET', undefined, {
          message: 'Client network socket disconnected before secure TLS connection was established',
        }),
      ),
    ],
  ]) {
    test(`${what}: nothing was sent, so an unsafe tool is retried, and runs once`, async () => {
      let isDown = true;
      const { session, tries } = await faulty((url, init) => {
        if (!isDown) return fetch(url, init);
        isDown = false;
        return Promise.reject(thrown);
      });
      const ran = server.count('tools/call');
      assert.equal((await session.callTool({ name: 'write' })).content[0].text, 'write ran');
      assert.deepEqual([tries.tools, server.count('tools/call') - ran], [2, 1]);
    });
  }

  for (const [what, thrown] of [
    ['a reset of a connection in use', failed(system('ECONNRESET', 'read'))],
    ['a host lost while reading from a connection', failed(system('EHOSTUNREACH', 'read'))],
    ['a network lost while writing to a connection', failed(system('ENETUNREACH', 'write'))],
    ['a timeout without more', failed(system('ETIMEDOUT'))],
    // The alert comes after the handshake of TLS 1.3, in answer to the request.
    ['a certificate that the server misses', failed(system('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'))],
    [
      'one address of several that was reached',
      failed(
        new AggregateError([system('ECONNREFUSED', 'connect'), system('ECONNRESET', 'read')], '', {
          code: 'ECONNREFUSED',
        }),
      ),
    ],
    ['no address at all', failed(new AggregateError([]))],
  ]) {
    test(`${what}: it may have been read, so an unsafe tool is not retried`, async () => {
      const { session, tries } = await faulty(() => Promise.reject(thrown));
      assert.equal((await outcome(session, 'write')).code, 'outcome_unknown');
      assert.equal(tries.tools, 1);
    });
  }
});

test('evidence is one line: OpenSSL ends its messages with a line break, and V8 describes a cycle in several lines', async () => {
  const server = await startScriptedServer();
  const lines = [];
  const own = { ...quick, sessionConfig: { retryAttempts: 0 } };
  const manager = new McpManager(
    { mcpServers: { tls: { url: server.url.replace('http:', 'https:'), ...own }, plain: { url: server.url, ...own } } },
    silent,
  );
  const collect = ({ detail }) => lines.push(detail.evidence);
  for (const type of ['sessionError', 'recoveryFailed', 'outageStarted'])
    manager.events.addEventListener(type, collect);
  try {
    await assert.rejects(
      manager.connect('ada', 'tls'),
      ({ evidence }) => lines.push(evidence) && /ssl/i.test(evidence),
    );
    const cycle = {};
    cycle.self = cycle;
    const session = await manager.connect('ada', 'plain');
    await assert.rejects(
      session.callTool({ name: 'read', arguments: cycle }),
      ({ evidence }) => lines.push(evidence) > 1,
    );
  } finally {
    await manager.close();
    await server.close();
  }
  for (const line of lines) assert.doesNotMatch(line ?? '', /[\n\r]/);
});

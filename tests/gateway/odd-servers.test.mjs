// Answers that are odd, but legal: a client gets the same message through the gateway as directly from the server.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sender } from './http.mjs';
import { answers, startOddAnswers } from './servers/odd-answers.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
// Of those that come late, the ones whose beginning or type matters.
const late = ['a byte order mark', 'no type', 'a stream with a byte order mark', 'an event with CR'];
late.push('a stream whose type is in capitals', 'gzip', 'an event of many lines', 'no length');

/** The messages of a response, by the rules of HTML §9.2.6 where it is a stream. */
async function messagesOf(response) {
  const text = await response.text();
  if (!/^text\/event-stream/i.test(response.headers.get('content-type') ?? '')) return [JSON.parse(text)];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const events = [[]];
  for (const line of lines) {
    if (line === '') events.push([]);
    else if (line.startsWith('data:')) events.at(-1).push(line.slice(5).replace(/^ /, ''));
  }
  const data = events.map((event) => event.join('\n')).filter((one) => one !== '');
  return data.map((one) => JSON.parse(one)).filter(({ method }) => method === undefined);
}

describe('a server’s odd answer', () => {
  let server;
  let stack;
  let session;
  before(async () => {
    server = await startOddAnswers();
    const servers = { old: { url: `${server.origin}/old` }, modern: { url: `${server.origin}/modern` } };
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0, LOG: 'off' } });
    session = await sender(`${stack.origin}/old/mcp`).open();
  });
  after(async () => {
    await stack?.stop();
    server?.close();
  });

  // Some answer with the id as text.
  const call = (url, name, headers, more) => {
    const who = sender(url);
    return who.send('POST', { headers, body: who.rpc('tools/call', { name, arguments: {}, ...more }, 'call') });
  };
  const callModern = (name) => {
    const written = `=?base64?${Buffer.from(name).toString('base64')}?=`;
    const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': written };
    return call(`${stack.origin}/modern/mcp`, name, headers, { _meta: meta });
  };

  async function compare(name) {
    const [direct, old, modern] = await Promise.all([
      call(`${server.origin}/old`, name, {}),
      call(`${stack.origin}/old/mcp`, name, { 'Mcp-Session-Id': session }),
      callModern(name),
    ]);
    const expected = await messagesOf(direct);
    assert.equal(expected.length, 1);
    const [{ jsonrpc, id, result }] = expected;
    assert.deepEqual(Object.keys(result).sort(), ['content', 'resultType']);
    assert.deepEqual(await messagesOf(old), [{ jsonrpc, id, result }], 'of a session');
    assert.deepEqual(await messagesOf(modern), expected, 'of 2026-07-28');
  }

  for (const name of Object.keys(answers)) test(`${name} arrives as it does without the gateway`, () => compare(name));

  describe('after the gateway has begun a stream', { concurrency: true }, () => {
    for (const name of late) test(`${name} arrives as it does without the gateway`, () => compare(`late ${name}`));
  });
});

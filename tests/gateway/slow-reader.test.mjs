// Clients that stop reading, over the wire: their stream is cut before it fills the memory, no other client is
// affected, and they can come back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { eventsOf, messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const EVENT = 64 * KIBIBYTE;
const COUNT = 512; // 32 MiB: far more than sockets hold
const BUFFERED = 4 * MEBIBYTE; // more than may wait for a client that reads, however busy the machine is
const IN_SOCKETS = 16 * MEBIBYTE; // at most: what the kernel accepts from a writer without a reader

/** A client with a connection of its own, which reads on demand. */
async function slowClient(url, method, headers, body) {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  await once(socket, 'connect');
  const all = {
    Host: host,
    Authorization: 'Bearer token-of-ada',
    Accept: 'application/json, text/event-stream',
    ...headers,
  };
  const payload = body && JSON.stringify(body);
  if (payload) Object.assign(all, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) });
  const head = [`${method} ${pathname} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)];
  socket.pause();
  socket.write(`${head.join('\r\n')}\r\n\r\n${payload ?? ''}`);
  return {
    /** Everything sent until the connection ended. */
    async rest() {
      const chunks = [];
      socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
      socket.resume();
      await once(socket, 'close');
      return Buffer.concat(chunks).toString('latin1');
    },
  };
}

const END = `"turn":${COUNT},`;
const turnsIn = (text) => [...text.matchAll(/"turn":(\d+)/g)].length;
const lastId = (text) => [...text.matchAll(/id: (\S+)\ndata: [^\n]*\n\n/g)].at(-1)[1];

// When the client comes back, the smaller log contains nothing that the client has already received.
for (const [size, EVENT_LOG_BYTES] of Object.entries({ 'of everything': 64 * MEBIBYTE, 'of the last': MEBIBYTE })) {
  describe(`a client that does not read, with a log ${size}`, () => {
    let stack;
    let ada;
    before(async () => {
      stack = await startStack({
        vars: { SLOW_READER_BYTES: BUFFERED, EVENT_LOG_EVENTS: 10_000, EVENT_LOG_BYTES },
      });
      ada = sender(stack.url);
    });
    after(() => stack?.stop());

    const flood = (more) => ({ count: COUNT, bytes: EVENT, ...more });
    const echo = async (session, text) =>
      (await messageOf(await ada.call(session, 'echo', { text }, { id: text }))).result.content[0].text;
    const turnsOf = async (response, until) => {
      const turns = [];
      for await (const { data } of eventsOf(response)) {
        if (data?.method === 'notifications/message') turns.push(data.params.data.turn);
        if (until(data)) break;
      }
      return turns;
    };

    const cuts = () => stack.lines.filter((line) => line.includes('"slowReader"')).length;

    // Everything that the client of a call receives if it comes back after every cut: the messages since, and the
    // answer.
    const comeBack = async (session, last, id) => {
      const turns = [];
      let answer;
      while (!answer) {
        const back = await ada.send('GET', { headers: { 'Mcp-Session-Id': session, 'Last-Event-ID': last } });
        assert.equal(back.status, 200);
        for await (const { id: event, data } of eventsOf(back)) {
          last = event ?? last;
          if (data?.method === 'notifications/message') turns.push(data.params.data.turn);
          if (data?.id === id) answer = data;
        }
      }
      return { turns, answer };
    };

    // All in order, to the last; without a gap from its cursor, if the log reaches back that far.
    const assertKept = (missed, heard) => {
      if (size === 'of everything') {
        assert.ok(missed.length >= COUNT - heard, `${heard} before and ${missed.length} after`);
        assert.deepEqual(
          missed,
          Array.from(missed, (_, at) => COUNT - missed.length + 1 + at),
        );
      } else {
        assert.ok(missed.length > 0 && missed.length < COUNT - heard);
        assert.equal(missed.at(-1), COUNT);
        assert.ok(missed.every((turn, at) => at === 0 || turn > missed[at - 1]));
      }
    };

    test('loses its GET stream; the session continues, and missed messages are there when it comes back', async () => {
      const session = await ada.open();
      const slow = await slowClient(stack.url, 'GET', { 'Mcp-Session-Id': session });
      const running = ada.call(session, 'flood', flood({ aside: true }), { id: 'flood' });
      assert.equal(await echo(session, 'meanwhile'), 'meanwhile');
      assert.equal((await messageOf(await running)).result.content[0].text, `sent ${COUNT}`);
      assert.equal(await echo(session, 'afterwards'), 'afterwards');
      const got = await slow.rest();
      assert.match(got, /^HTTP\/1\.1 200 /);
      // In workerd a stream that fails behind an object just ends, which makes no difference for an event stream.
      assert.ok(!got.includes(END), 'it ends early');
      assert.ok(got.length < IN_SOCKETS, `${got.length} bytes were buffered for it`);
      const last = lastId(got);
      const back = await ada.send('GET', { headers: { 'Mcp-Session-Id': session, 'Last-Event-ID': last } });
      assert.equal(back.status, 200);
      const missed = await turnsOf(back, (data) => data?.params?.data?.turn === COUNT);
      assertKept(missed, turnsIn(got));
    });

    test('loses the stream of its call, which runs once; the answer is there when it comes back', async () => {
      const session = await ada.open();
      const other = await ada.open();
      const body = ada.rpc('tools/call', { name: 'flood', arguments: flood() }, 'slow');
      const slow = await slowClient(stack.url, 'POST', { 'Mcp-Session-Id': session }, body);
      assert.equal(await echo(session, 'same session'), 'same session');
      assert.equal(await echo(other, 'other session'), 'other session');
      // The other one reads all of it in the meantime.
      const turns = await turnsOf(
        await ada.call(other, 'flood', flood(), { id: 'read' }),
        (data) => data?.id === 'read',
      );
      assert.deepEqual(
        turns,
        Array.from({ length: COUNT }, (_, turn) => turn + 1),
      );
      // While that one read, workerd may have had no time for this one.
      await until(() => cuts() === 2, 'its stream is cut');
      const got = await slow.rest();
      assert.ok(!got.includes(END), 'it ends early');
      assert.ok(got.length < IN_SOCKETS, `${got.length} bytes were buffered for it`);
      const { turns: missed, answer } = await comeBack(session, lastId(got), 'slow');
      assertKept(missed, turnsIn(got));
      assert.equal(answer.result.content[0].text, `sent ${COUNT}`);
      assert.equal((await stack.counts()).calls.flood, 3, 'this one, the one that was read, and the one before');
    });
  });
}

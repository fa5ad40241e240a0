// Comments keep silent streams alive: the GET stream, a call that the server answers by a stream, and one that it
// answers in JSON.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sender } from './http.mjs';
import { startStack } from './stack.mjs';

const SILENCE = 65_000; // long enough for two comments at the documented 25 seconds
const MOST = 4; // the highest number of comments in that time

/**
 * The contents of a stream, in order: `'keepalive'` for such a comment, the data, nothing for the rest. Ends after
 * `count` of them.
 */
async function piecesOf(response, count = Infinity) {
  const pieces = [];
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (block === ': keepalive') pieces.push('keepalive');
      else if (data) pieces.push(JSON.parse(data));
    }
    if (pieces.length >= count) break;
  }
  return pieces;
}

for (const [kind, args] of Object.entries({ 'answers by streams': [], 'answers in JSON': ['--json-response'] })) {
  describe(`silence before a server that ${kind}`, { concurrency: true, timeout: 200_000 }, () => {
    let stack;
    let ada;
    before(async () => {
      stack = await startStack({ server: args });
      ada = sender(stack.url);
    });
    after(() => stack?.stop());

    test('on a GET stream', async () => {
      const session = await ada.open();
      const response = await ada.send('GET', { headers: { 'Mcp-Session-Id': session } });
      assert.deepEqual(await piecesOf(response, 2), ['keepalive', 'keepalive']);
    });

    test('on the stream of a call', async () => {
      const session = await ada.open();
      const response = await ada.call(session, 'slow', { ms: SILENCE });
      assert.match(response.headers.get('content-type'), /event-stream/);
      const pieces = await piecesOf(response);
      assert.equal(pieces.pop().result.content[0].text, `took ${SILENCE} ms`);
      // Before a server that answers in JSON, the first part of the silence passes before there is a stream.
      assert.ok(pieces.length >= (args.length > 0 ? 1 : 2) && pieces.length <= MOST, `${pieces.length} comments`);
      assert.ok(
        pieces.every((piece) => piece === 'keepalive'),
        'and nothing else',
      );
    });
  });
}

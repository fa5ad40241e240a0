// The effect of each fault button, checked by the server's own counts and by what the page then shows. The same for
// every backend.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import { timelineItems } from './timeline.mjs';

/** One client's requests between two readings of the counts. */
function grown(before, after, client = 'mcp-tether') {
  const [then, now] = [before, after].map((counts) => counts.clients[client] ?? { http: {}, rpc: {}, runs: 0 });
  const difference = (kind, name) => (now[kind][name] ?? 0) - (then[kind][name] ?? 0);
  return {
    handshakes: difference('rpc', 'initialize'),
    calls: difference('rpc', 'tools/call'),
    runs: now.runs - then.runs,
    gets: difference('http', 'GET'),
    deletes: difference('http', 'DELETE'),
  };
}

/** Presses a button and returns its result, the server's counts for it, and the number of each status. */
async function meet(visitor, counts, id) {
  const before = await counts();
  const result = await visitor.press(id, async () => (await counts()).http.POST);
  const after = await counts();
  const status = (code) => (after.status[code] ?? 0) - (before.status[code] ?? 0);
  return { result, before, after, status, ...grown(before, after) };
}

const answered = /Still there\?/;

/** By fault: what must be true after its button was pressed while the page is connected and calls `echo`. */
const stories = {
  async forget({ visitor, counts }) {
    const idBefore = await visitor.text('#session-id');
    const seen = await meet(visitor, counts, 'forget');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.calls, seen.runs, seen.status(404)], [1, 2, 1, 1]);
    await visitor.untilState('ready');
    assert.notEqual(await visitor.text('#session-id'), idBefore);
    await visitor.untilText('#narration', 'answered 404.*One new handshake was made.*sent again');
  },
  async restart({ visitor, counts }) {
    const seen = await meet(visitor, counts, 'restart');
    assert.match(seen.result, answered);
    assert.equal(seen.runs, 1);
    assert.ok(seen.handshakes >= 1);
    assert.equal((await counts()).restarts, seen.before.restarts + 1);
    await visitor.untilState('ready');
  },
  async lookalike({ visitor, counts }) {
    const recoveries = await visitor.logged('Session recovery successful');
    const seen = await meet(visitor, counts, 'lookalike');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.calls, seen.runs, seen.status(400)], [1, 2, 1, 1]);
    await visitor.untilLogged('Session error: session_invalid');
    await visitor.untilLogged('Session recovery successful', recoveries + 1);
  },
  async cut({ visitor, counts }) {
    const seen = await meet(visitor, counts, 'cut');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.calls], [0, seen.runs]);
    // With an event id the answer is fetched by a GET; if none came through, a read-only tool is called once more.
    assert.ok(seen.runs === 1 ? seen.gets >= 1 : seen.runs === 2, `${seen.runs} runs, ${seen.gets} GETs`);
    assert.match(seen.result, seen.runs === 1 ? /, one run\./ : /, two runs\./);
  },
  async conflict({ visitor, counts }) {
    const before = await counts();
    const conflicts = await visitor.logged('session_conflict');
    const { result, handshakes, runs } = await meet(visitor, counts, 'conflict');
    assert.match(result, answered);
    assert.deepEqual([handshakes, runs], [0, 1]);
    await visitor.untilLogged('Session error: session_conflict', conflicts + 1);
    const after = await counts();
    assert.equal((after.status[409] ?? 0) - (before.status[409] ?? 0), 1);
  },
  async busy({ visitor, counts }) {
    const seen = await meet(visitor, counts, 'busy');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.calls, seen.runs, seen.status(429)], [0, 2, 1, 1]);
    await visitor.untilText('#narration', 'server refuses requests for now .*429.*: the client waits .*was answered');
    const items = await timelineItems(visitor.page);
    assert.ok(
      items.some(({ layer, text }) => layer === 'waits' && /Waiting \d/.test(text)),
      'the wait is drawn',
    );
  },
  async unavailable({ visitor, counts }) {
    const seen = await meet(visitor, counts, 'unavailable');
    assert.match(seen.result, answered);
    // It is read-only: the run whose answer is lost, and one more.
    assert.deepEqual([seen.handshakes, seen.calls, seen.runs, seen.status(503)], [0, 2, 2, 1]);
    assert.match(seen.result, /The server counted: no handshakes, two tool requests, two runs\./);
  },
  async slow({ visitor, counts }) {
    const seen = await meet(visitor, counts, 'slow');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.calls, seen.runs], [0, 1, 1]);
    assert.equal(seen.after.faults.slow, (seen.before.faults.slow ?? 0) + 1);
  },
};

/**
 * Everything that has to be true of a backend, starting disconnected. `unsafe` chooses a tool that must not run twice,
 * perhaps of another server, and `backToFirst` counts the first one's requests again. Failed requests to `servers()`
 * are not errors: discovery comes first.
 */
export async function wholeLife({ visitor, counts, test, servers, unsafe, backToFirst }) {
  test('connect: one handshake, an id of eight characters, tools', async () => {
    await visitor.connect();
    const seen = await counts();
    assert.equal(seen.clients['mcp-tether'].rpc.initialize, 1);
    assert.match(await visitor.text('#session-id'), /^[\x21-\x7E]{8}(\.\.\.|…)?$/);
    await visitor.page.locator('#tool-list > *').first().waitFor();
    await visitor.untilLogged(String.raw`\[MCP\]\[\w+\] Session created: .{8}\.\.\.`);
    assert.deepEqual(JSON.parse(await visitor.text('#stats')), { totalUsers: 1, totalSessions: 1, activeSessions: 1 });
    assert.deepEqual(visitor.complaints(...servers()), []);
  });

  test('one call, fifty and a thousand are answered on one session', async () => {
    for (const [id, n] of [
      ['call-one', 1],
      ['call-many', 50],
      ['call-thousand', 1_000],
    ]) {
      const { result, handshakes, runs } = await meet(visitor, counts, id);
      if (n > 1)
        assert.match(
          result,
          new RegExp(`${n.toLocaleString('en')} sent, ${n.toLocaleString('en')} answered, 0 failed`),
        );
      assert.deepEqual([handshakes, runs], [0, n]);
    }
    assert.deepEqual(visitor.complaints(...servers()), []);
  });

  for (const [name, story] of Object.entries(stories))
    test(`${name}: the page shows the server’s counts`, () => story({ visitor, counts }));

  test('offline: nothing reaches the server, and the session survives', async () => {
    const { handshakes, runs, result } = await meet(visitor, counts, 'offline');
    assert.match(result, answered, 'the call waits, and is answered');
    assert.deepEqual([handshakes, runs], [0, 1]);
    await visitor.until(() => document.querySelector('#offline').dataset.gone === undefined);
    const back = await meet(visitor, counts, 'call-one');
    assert.match(back.result, answered);
    assert.deepEqual([back.handshakes, back.runs], [0, 1]);
  });

  test('expire: deleted at its timeout, and the next call opens a new session', async () => {
    const seen = await meet(visitor, counts, 'expire');
    assert.match(seen.result, answered);
    assert.deepEqual([seen.handshakes, seen.deletes, seen.runs], [2, 1, 1]);
    await visitor.untilText('#narration', 'The call was answered');
    assert.doesNotMatch(await visitor.text('#narration'), /recognise|it lost/, 'not an earlier story');
    assert.notEqual(
      await visitor.page.locator('#who input:checked').inputValue(),
      'ada brief',
      'the session from before is selected again',
    );
    // The new one is not used either: once it has expired too, it affects no later count.
    await visitor.until(
      () => document.querySelector('#timeline').trace.events.filter(({ to }) => to === 'expired').length === 2,
    );
    const expired = (await timelineItems(visitor.page)).filter(({ text }) => /: Expired, before: ready/.test(text));
    assert.deepEqual(
      expired.map(({ layer }) => layer),
      ['states', 'states'],
    );
  });

  test('a tool that must not run twice is not retried: its outcome is unknown', async () => {
    await unsafe();
    const seen = await meet(visitor, counts, 'unavailable');
    assert.match(seen.result, /outcome_unknown/);
    assert.deepEqual([seen.calls, seen.runs], [1, 1]);
    const cut = await meet(visitor, counts, 'cut');
    assert.deepEqual([cut.calls, cut.runs], [1, 1]);
    assert.match(cut.result, /\b2\b|outcome_unknown/, 'two presses, two runs');
    const plain = await meet(visitor, counts, 'call-one');
    assert.match(plain.result, /\b3\b/, 'three presses, three runs');
    backToFirst?.();
  });

  test('a second user has a session of their own', async () => {
    const { handshakes } = await meet(visitor, counts, 'connect-b');
    assert.equal(handshakes, 1);
    await visitor.untilState('ready');
    assert.equal(JSON.parse(await visitor.text('#stats')).totalUsers, 2);
  });

  test('terminate: the server gets one DELETE', async () => {
    const { deletes } = await meet(visitor, counts, 'terminate');
    assert.equal(deletes, 1);
    await visitor.untilState('terminated');
    await visitor.untilLogged(String.raw`Session terminated: .{8}\.\.\.`);
  });
}

/**
 * What a visitor can save: the events as a file, and the scenario as a program, which `run(program)` runs and whose
 * output it returns.
 */
export async function takeAway({ visitor, test, run, runOfficial }) {
  test('the trace contains the events in order, without a whole session id', async () => {
    const [file] = await Promise.all([visitor.page.waitForEvent('download'), visitor.page.locator('#export').click()]);
    const text = await readFile(await file.path(), 'utf8');
    const { library, stats, events } = JSON.parse(text);
    assert.equal(library.name, 'mcp-tether');
    assert.deepEqual(stats, JSON.parse(await visitor.text('#stats')));
    for (const type of ['requestSent', 'requestSettled', 'recoverySucceeded', 'retryScheduled'])
      assert.ok(
        events.some((event) => event.type === type),
        type,
      );
    assert.doesNotMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}/);
  });

  test('the snippet reproduces the scenario', async () => {
    await visitor.page.locator('#beside').uncheck();
    await visitor.press('forget');
    const printed = await run(await visitor.text('#snippet'));
    assert.match(printed, /recovered/);
    assert.match(printed, /Still there\?/);
  });

  test('with the official SDK and with React it is a program, too', async () => {
    const take = async (label) => {
      await visitor.page.locator('#take').getByRole('tab', { name: label }).click();
      return visitor.text('#snippet');
    };
    const official = await take('Official SDK');
    assert.match(official, /await client\.connect\(manager\.transport\('ada', '\w+'\)\);/);
    if (runOfficial) assert.match(await runOfficial(official), /Still there\?/);
    await transform(await take('React'), { loader: 'jsx' });
    await take('mcp-tether');
  });
}

/** The same fault for both clients, counted by the server for each. */
export async function sideBySide({ visitor, counts, test }) {
  test('beside the official client: after a loss it fails every call, and this one continues', async () => {
    await visitor.press('connect-a');
    await visitor.page.locator('#tool').selectOption('echo');
    await visitor.page.locator('#beside').check();
    await visitor.until(() =>
      /@modelcontextprotocol\/client \d/.test(document.querySelector('#compare-version').textContent),
    );
    const { before, after, handshakes, runs } = await meet(visitor, counts, 'forget');
    assert.deepEqual([handshakes, runs], [1, 2]);
    const official = grown(before, after, 'official');
    assert.deepEqual([official.handshakes, official.calls, official.runs], [0, 2, 0]);
    const row = await visitor.text('#compare-rows tr:first-child');
    assert.match(row, /2 of 2 calls answered/);
    assert.match(row, /0 of 2 calls answered/);
    assert.match(row, /tool run 2×.*tool run 0×/s);
    assert.ok(
      (await visitor.page.locator('#timeline select option', { hasText: 'official' }).count()) === 1,
      'it has a lane on the timeline',
    );
  });

  test('beside the official client: a 429 is waited out here', async () => {
    const { result } = await meet(visitor, counts, 'busy');
    assert.match(result, /here 2 of 2 calls were answered/);
    assert.match(await visitor.text('#compare-rows tr:first-child'), /1 of 2 calls answered/);
    assert.equal(await visitor.text('#compare-sum'), 'In all: 4 of 4 calls answered, with the official client 1 of 4.');
  });
}

// The first screen: each fault is played, and what the page then says is compared with the counts of the server.
import assert from 'node:assert/strict';

const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
/** A number as the page writes it. @param {string} word */
export const numberOf = (word) =>
  words.includes(word.toLowerCase()) ? words.indexOf(word.toLowerCase()) : Number(word);
const none = { http: {}, rpc: {}, runs: 0, tools: {}, repeated: 0 };

/**
 * The counts of a demo's server. It tells the windows of the page apart by a name after the client's; here they are summed, or those of one page.
 * @param {string} controlUrl
 * @param {string} [page]
 */
export async function countsOf(controlUrl, page) {
  const counts = await (await fetch(`${controlUrl}/counts`)).json();
  const clients = {};
  for (const [name, own] of Object.entries(counts.clients)) {
    const [client, of] = name.split('.');
    if (page === undefined || of === page) clients[client] = clients[client] ? sum(clients[client], own) : own;
  }
  return { ...counts, clients };
}

/** Of two records of numbers, however deep. */
function sum(one, other) {
  if (typeof other !== 'object') return (one ?? 0) + other;
  return {
    ...one,
    ...Object.fromEntries(Object.entries(other).map(([name, value]) => [name, sum(one?.[name], value)])),
  };
}

/** What the server counted for one client between two readings. */
function grown(before, after, client) {
  const [then, now] = [before, after].map((counts) => counts.clients[client] ?? none);
  return {
    handshakes: (now.rpc.initialize ?? 0) - (then.rpc.initialize ?? 0),
    requests: (now.rpc['tools/call'] ?? 0) - (then.rpc['tools/call'] ?? 0),
    runs: now.runs - then.runs,
    charges: (now.tools.charge ?? 0) - (then.tools.charge ?? 0),
    repeated: now.repeated - then.repeated,
    gets: (now.http.GET ?? 0) - (then.http.GET ?? 0),
  };
}

/** Waits until a fault has been played to its end. */
export function played(visitor, id) {
  return visitor.until((wanted) => document.querySelector('#story').dataset.played === wanted, id);
}

/** Plays a fault by its chip; returns its sentence, its beats, and what the server counted for each client meanwhile. */
export async function play(visitor, counts, id) {
  const chip = visitor.page.locator(`#chips a[href="#${id}"]`);
  await visitor.until(() => document.querySelector('#chips a:not([aria-disabled])') !== null);
  // The page plays with both clients at rest, and so the counts have no half a call.
  const before = await counts();
  await chip.click();
  await visitor.until(() => document.querySelector('#story').dataset.played === '');
  await played(visitor, id);
  const after = await counts();
  return {
    sentence: await visitor.text('#sentence'),
    beats: await visitor.page.locator('#card-beats p').allInnerTexts(),
    row: await visitor.page.locator(`#grid-rows [data-row="${id}"] td`).allInnerTexts(),
    ours: grown(before, after, 'mcp-tether'),
    theirs: grown(before, after, 'official'),
  };
}

/** What the sentence says of handshakes, failures and repeated runs is what the server counted. */
function agrees({ sentence, ours }) {
  const [, handshakes] = /(\w+) handshakes?/i.exec(sentence) ?? [];
  assert.equal(words.indexOf(handshakes.toLowerCase()), ours.handshakes, sentence);
  assert.match(sentence, /none failed/);
  assert.equal(/none ran twice/.test(sentence), ours.repeated === 0, sentence);
}

/** By chip: what must be true of its story. */
export const stories = {
  restart(seen) {
    agrees(seen);
    assert.match(seen.sentence, /^Down for \d/);
    assert.equal(seen.ours.handshakes, 1);
    assert.match(seen.row.join(), /^✓ 8 of 8,✗ 0 of 8$/);
  },
  forget(seen) {
    agrees(seen);
    assert.equal(seen.ours.handshakes, 1);
    // Those that the server refused, and on a busy machine calls that were made before the handshake had ended.
    const waited = numberOf(/ (\w+) calls? waited/.exec(seen.sentence)[1]);
    const [, requests, runs] = told(seen, 'mcp-tether');
    assert.ok(requests > runs && waited >= requests - runs && waited <= 8, seen.sentence);
    assert.match(seen.row.join(), /^✓ 8 of 8,✗ 0 of 8$/);
  },
  cut(seen) {
    const again = /called once more/.test(seen.sentence);
    const resumed = /by its event id/.test(seen.sentence);
    assert.equal(again, seen.ours.repeated > 0, seen.sentence);
    if (resumed) assert.ok(seen.ours.gets > 0, seen.sentence);
    assert.ok(again || resumed || /none ran twice/.test(seen.sentence), seen.sentence);
    assert.match(seen.row[0], /^✓ 8 of 8$/);
  },
  503(seen) {
    assert.equal(seen.ours.charges, 1);
    assert.equal(seen.theirs.charges, 1);
    assert.match(seen.sentence, /^The card was charged 1×\. .*“outcome unknown” and did not send it twice\.$/);
    assert.match(seen.row.join(), /^✓ 7 of 8, 1 unknown,✗ 7 of 8$/);
  },
  offline(seen) {
    agrees(seen);
    assert.equal(seen.ours.handshakes, 0);
    assert.match(seen.row.join(), /^✓ 8 of 8,✗ [0-7] of 8$/);
  },
  reload(seen) {
    agrees(seen);
    assert.equal(seen.ours.handshakes, 0, 'the session outlives the page');
    assert.ok(seen.theirs.handshakes >= 1);
    assert.match(seen.row.join(), /^✓ 8 of 8,✓ 8 of 8$/);
  },
  tab(seen) {
    agrees(seen);
    assert.equal(seen.ours.handshakes, 0, 'both tabs share a session');
    assert.equal(seen.ours.gets, 0, 'and a stream');
    assert.match(seen.sentence, /no second stream/);
    assert.ok(seen.theirs.handshakes >= 1);
    assert.match(seen.row.join(), /^✓ 16 of 16,✓ 16 of 16$/);
  },
};

/** Handshakes, tool requests and runs of a client, as the third beat tells them. @returns {number[]} */
function told({ beats: [, , counted] }, who) {
  const numbers = new RegExp(`For ${who}: (\\w+) handshakes?, (\\w+) tool requests?, (\\w+) runs?`).exec(counted);
  return numbers.slice(1).map(numberOf);
}

/** The third beat has the counts of the server. */
export function beatsAgree(seen) {
  const { ours, theirs } = seen;
  const [, , counted] = seen.beats;
  const [handshakes, requests, runs] = told(seen, 'mcp-tether');
  assert.equal(handshakes, ours.handshakes, counted);
  // Calls after the story are counted by this test alone.
  assert.ok(requests >= 8 && requests <= ours.requests, counted);
  assert.ok(runs >= 8 && runs <= ours.runs && runs <= requests, counted);
  const official = told(seen, 'the official client');
  // So is the handshake by which it gets a new session before the fault.
  assert.ok(official[0] <= theirs.handshakes && official[0] >= theirs.handshakes - 1, counted);
  assert.ok(official[1] <= theirs.requests && official[2] <= theirs.runs, counted);
}

// When a session ends, over random times of calls, streams, rests, deaths of instances and alarms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beatOf, Use } from '../../gateway/expiry.js';

/** Numbers from a seed (mulberry32). */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

/** The row of a session, which outlives instances. */
function rowOf(created) {
  const values = { owner: 'o', created, touched: created };
  return {
    values,
    touch(now, interval) {
      if (now <= values.touched || now - values.touched < interval) return false;
      values.touched = now;
      return true;
    },
  };
}

for (const lifetime of [
  { timeout: 3_000, maxAge: 1e9 },
  { timeout: 65_000, maxAge: 1e9 },
  { timeout: 3_600_000, maxAge: 86_400_000 },
  { timeout: 10_000, maxAge: 60_000 },
]) {
  test(`a session with ${lifetime.timeout} ms ends after its last use and not long after it, or at its age`, () => {
    for (let seed = 1; seed <= 2_000; seed += 1) run(seed, lifetime);
  });
}

test('waiting work is looked at a few times in a second at most, whatever is configured', () => {
  for (const rest of [0, 1, 200, 20_000])
    for (const interval of [0, 250, 60_000])
      for (const timeout of [undefined, 1, 1_000, 2 ** 53 - 1]) {
        const beat = beatOf(rest, interval, timeout);
        assert.ok(beat >= 100 && beat <= 5_000, `${rest} ${interval} ${timeout}: ${beat}`);
      }
});

/** One session: it is used, listened to, rests and loses its instances at random times, and its alarms are never late. */
class Life {
  now = 1_000_000;
  born = this.now;
  lastUse = this.now;
  isListening = false;
  isOver = false;

  constructor(seed, lifetime) {
    this.seed = seed;
    this.lifetime = lifetime;
    this.random = randomOf(seed);
    this.row = rowOf(this.born);
    this.newInstance();
    this.use.note(this.now);
    this.alarm = this.use.expiry.expiry;
  }

  newInstance() {
    this.use = new Use(this.row, () => this.lifetime);
  }

  touch() {
    this.use.touch(this.now);
    this.lastUse = this.now;
  }

  ring() {
    this.now = this.alarm;
    if (this.isListening) this.touch();
    const { expiry, reason } = this.use.expiry;
    if (this.now >= expiry) {
      this.isOver = true;
      this.checkEnd(reason);
    }
    this.alarm = expiry;
  }

  checkEnd(reason) {
    const { now, born, lastUse, lifetime, seed } = this;
    const because = `seed ${seed}: it ended at ${now - born}, used at ${lastUse - born}`;
    const slack = Math.min(60_000, lifetime.timeout / 4);
    const unused = now - lastUse;
    if (reason === 'age') assert.equal(now, born + lifetime.maxAge, because);
    else assert.ok(unused >= lifetime.timeout && unused <= lifetime.timeout + slack, because);
  }

  step() {
    const next = this.now + this.random(this.lifetime.timeout * (this.random(10) === 0 ? 3 : 1));
    while (!this.isOver && this.alarm <= next) this.ring();
    if (this.isOver) return;
    this.now = next;
    assert.ok(next - this.born <= this.lifetime.maxAge, `seed ${this.seed}: it lives on`);
    const event = this.random(10);
    if (event < 6) this.touch();
    if (event === 5) this.isListening = !this.isListening;
    if (event === 6 && !this.isListening) this.use.write(); // it rests, and is evicted
    if (event === 7) this.isListening = false; // the instance dies, with all streams
    if (event === 7 || (event === 6 && !this.isListening)) this.newInstance();
  }
}

function run(seed, lifetime) {
  const life = new Life(seed, lifetime);
  for (let step = 0; step < 200 && !life.isOver; step += 1) life.step();
}

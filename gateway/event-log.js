// The events that a session sent on streams, kept for clients that come back with `Last-Event-ID` (2025-11-25 basic/transports,
// "Resumability and Redelivery"): bounded by count and bytes, the oldest go first.
//
// What is new is written a moment later, all at once: a commit for each event would take longer than the calls themselves. If the
// instance dies within that moment, a client that comes back for an answer is told that its stream is not known.
// @ts-check

/** @import { Limits, LoggedEvent, RpcId, Sql, SqlCursor } from './types.js' */

export const GET_STREAM = 0; // the stream of what belongs to no request

const MOMENT = 100; // milliseconds
const MANY = 64 * 1024; // characters that are written without delay
const LARGEST = 1_000_000; // a row of SQLite in a Durable Object holds 2 MB

export class EventLog {
  #sql;
  #limits;
  /** @type {number | undefined} */
  #last; // the last number that was given to a stream or an event
  /** @type {{ id: number, stream: number, data: string | null, bytes: number }[]} */
  #fresh = []; // events that are not written yet
  #size = 0; // how large they are
  /** @type {Map<number, RpcId[]>} */
  #changed = new Map(); // streams that are not: the ids of requests that they have not answered yet
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isOver = false;
  /** @type {{ events: number, bytes: number } | undefined} */
  #kept; // { events, bytes }, counted once an instance

  /** @param {Sql} sql @param {Limits} limits */
  constructor(sql, { EVENT_LOG_EVENTS, EVENT_LOG_BYTES }) {
    this.#sql = sql;
    this.#limits = { events: EVENT_LOG_EVENTS, bytes: EVENT_LOG_BYTES };
  }

  create() {
    // Without an index on the streams: it would be a second row for each event, and what is looked for is found by ids, among EVENT_LOG_EVENTS.
    this.#sql.exec(`
      CREATE TABLE stream (id INTEGER PRIMARY KEY, waiting TEXT NOT NULL);  -- those with requests that are not answered
      CREATE TABLE event (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, data TEXT, bytes INTEGER NOT NULL);
    `);
  }

  /**
   * A new stream of the answers to requests with these ids; its number, which is also the id of an event without data at its beginning.
   * @param {RpcId[]} ids
   */
  openStream(ids) {
    const stream = this.#number();
    if (ids.length > 0) this.setWaiting(stream, ids);
    return stream;
  }

  /**
   * The ids of the requests that a stream has not answered yet.
   * @param {number} stream
   * @returns {RpcId[]}
   */
  waiting(stream) {
    this.flush();
    /** @type {SqlCursor<{ waiting: string }>} */
    const rows = this.#sql.exec('SELECT waiting FROM stream WHERE id = ?', stream);
    const [row] = rows.toArray();
    return row ? JSON.parse(row.waiting) : [];
  }

  /** @param {number} stream @param {RpcId[]} ids */
  setWaiting(stream, ids) {
    this.#changed.set(stream, ids);
    this.#flushSoon();
  }

  /**
   * Keeps an event; its id. For what is too large it keeps what `instead()` gives.
   * @param {number} stream
   * @param {string} data
   * @param {() => string | null} [instead]
   */
  append(stream, data, instead = () => null) {
    const id = this.#number();
    const isLarge = data.length > Math.min(LARGEST, this.#limits.bytes);
    const kept = isLarge ? instead() : data;
    this.#fresh.push({ id, stream, data: kept, bytes: kept?.length ?? 0 });
    this.#size += data.length;
    if (this.#size > MANY) this.flush();
    else this.#flushSoon();
    return id;
  }

  /**
   * Whether anything of a stream is still known: then what is left of it can be told, also where the last event that a client got is not.
   * @param {number} stream
   */
  knows(stream) {
    if (stream === GET_STREAM) return true;
    this.flush();
    // The number of a stream was given before those of its events.
    return (
      this.#sql
        .exec(
          'SELECT 1 FROM stream WHERE id = ?1 UNION ALL SELECT 1 FROM event WHERE id > ?1 AND stream = ?1 LIMIT 1',
          stream,
        )
        .toArray().length > 0
    );
  }

  /**
   * The events of a stream after that one. `data` is null where it was too large to keep.
   * @param {number} stream
   * @param {number} id
   * @returns {LoggedEvent[]}
   */
  after(stream, id) {
    this.flush();
    /** @type {SqlCursor<LoggedEvent>} */
    const events = this.#sql.exec('SELECT id, data FROM event WHERE stream = ? AND id > ? ORDER BY id', stream, id);
    return events.toArray();
  }

  /** The newest event of all; 0 when there was none. */
  newest() {
    this.flush();
    /** @type {SqlCursor<{ id: number | null }>} */
    const newest = this.#sql.exec('SELECT max(id) AS id FROM event');
    return newest.one().id ?? 0;
  }

  /** Writes what is not written yet. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isOver) this.#write();
    this.#changed.clear();
    this.#fresh = [];
    this.#size = 0;
  }

  #write() {
    for (const [stream, ids] of this.#changed) {
      if (ids.length > 0) this.#sql.exec('INSERT OR REPLACE INTO stream VALUES (?, ?)', stream, JSON.stringify(ids));
      else this.#sql.exec('DELETE FROM stream WHERE id = ?', stream);
    }
    for (const { id, stream, data, bytes } of this.#fresh)
      this.#sql.exec('INSERT INTO event VALUES (?, ?, ?, ?)', id, stream, data, bytes);
    if (this.#fresh.length > 0) this.#grown();
  }

  /** The session is over: nothing is written any more. */
  end() {
    this.#isOver = true;
    this.flush();
  }

  #flushSoon() {
    this.#timer ??= setTimeout(() => this.flush(), MOMENT);
  }

  // Never given twice, by this instance or any other: not even those that an instance did not get to write. They begin with the
  // time in microseconds, and nobody sends a thousand events in a millisecond.
  #number() {
    this.#last = this.#last === undefined ? Math.max(this.newest() + 1, Date.now() * 1_000) : this.#last + 1;
    return this.#last;
  }

  /** @returns {void} */
  #grown() {
    if (this.#kept) {
      this.#kept.events += this.#fresh.length;
      for (const { bytes } of this.#fresh) this.#kept.bytes += bytes;
    } else {
      this.#kept = this.#count();
    }
    const { events, bytes } = this.#kept;
    if (events > this.#limits.events || bytes > this.#limits.bytes) this.#prune(this.#kept);
  }

  #count() {
    /** @type {SqlCursor<{ events: number, bytes: number }>} */
    const counted = this.#sql.exec('SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM event');
    return counted.one();
  }

  /** @param {{ events: number, bytes: number }} kept */
  #prune(kept) {
    // A tenth more than needed, so that not every event after this one prunes again.
    let events = kept.events - this.#limits.events * 0.9;
    let bytes = kept.bytes - this.#limits.bytes * 0.9;
    let last = 0;
    /** @type {SqlCursor<{ id: number, bytes: number }>} */
    const rows = this.#sql.exec('SELECT id, bytes FROM event ORDER BY id');
    for (const row of rows) {
      if (events <= 0 && bytes <= 0) break;
      last = row.id;
      events -= 1;
      bytes -= row.bytes;
    }
    this.#sql.exec('DELETE FROM event WHERE id <= ?', last);
    this.#kept = this.#count();
  }
}

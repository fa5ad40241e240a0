// The events of a session's streams, stored for clients that resume with `Last-Event-ID` (2025-11-25 basic/transports, "Resumability and
// Redelivery"): limited by count and bytes. Notifications are deleted first, the oldest first: a client comes back for its answers. Of an answer that must
// go, an error with its id stays until the limits require that to go, too.
//
// New events are written in batches after a short delay: a commit per event would take longer than the calls themselves. If the instance dies within
// the delay, a client that resumes gets an error for an unknown stream.
// @ts-check

import { itemsOf, parse, write } from './raw-json.js';

/** @import { Limits, LoggedEvent, Sql, SqlCursor } from './types.js' */

export const GET_STREAM = 0; // the stream of messages that belong to no request

const MOMENT = 100; // milliseconds
const MANY = 64 * 1024; // characters that are written without delay
// SQL: events that are not answers.
const IS_NOTICE = "(data IS NULL OR data ->> '$.method' IS NOT NULL)";
const SMALL = 300; // characters of an error in place of an answer
const IS_LARGE_ANSWER = `(bytes > ${SMALL} AND NOT ${IS_NOTICE})`;
const GONE = JSON.stringify({
  code: 1000,
  message: 'the request ran, but its response was deleted for later ones before the client resumed',
  data: { code: 'limit_exceeded', retryable: false },
});
const SOME = 128; // rows looked at together
const LARGEST = 1_000_000; // a row of SQLite in a Durable Object holds 2 MB

const INSERT = 'INSERT INTO event SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)';

export class EventLog {
  #sql;
  #limits;
  /** @type {number | undefined} */
  #last; // the last number assigned to a stream or an event
  /** @type {{ id: number, stream: number, data: string | null, bytes: number }[]} */
  #fresh = []; // events not yet written
  #size = 0; // their size
  /** @type {Map<number, string[]>} */
  #changed = new Map(); // streams not yet written: the ids of their unanswered requests
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isOver = false;
  /** @type {{ events: number, bytes: number } | undefined} */
  #kept; // { events, bytes }, counted once an instance
  #hasNotices = true; // whether there may be events that are not answers: to look for them takes a scan of all data

  /** @param {Sql} sql @param {Limits} limits */
  constructor(sql, { EVENT_LOG_EVENTS, EVENT_LOG_BYTES }) {
    this.#sql = sql;
    this.#limits = { events: EVENT_LOG_EVENTS, bytes: EVENT_LOG_BYTES };
  }

  create() {
    // No index on the streams: it would double the rows per event, and a lookup by id scans at most EVENT_LOG_EVENTS.
    this.#sql.exec(`
      CREATE TABLE stream (id INTEGER PRIMARY KEY, waiting TEXT NOT NULL);  -- those with requests that are not answered
      CREATE TABLE event (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, data TEXT, bytes INTEGER NOT NULL);
    `);
  }

  /**
   * Creates a stream for the responses to these requests. Returns its number, which is also the id of the priming event at its beginning.
   * @param {string[]} ids as the client wrote them
   */
  openStream(ids) {
    const stream = this.#number();
    if (ids.length > 0) this.setWaiting(stream, ids);
    return stream;
  }

  /**
   * The ids of the unanswered requests of a stream.
   * @param {number} stream
   * @returns {string[]}
   */
  waiting(stream) {
    this.flush();
    /** @type {SqlCursor<{ waiting: string }>} */
    const rows = this.#sql.exec('SELECT waiting FROM stream WHERE id = ?', stream);
    const [row] = rows.toArray();
    return row ? (itemsOf(parse(row.waiting)) ?? []).map((id) => write(id) ?? '') : [];
  }

  /** @param {number} stream @param {string[]} ids */
  setWaiting(stream, ids) {
    this.#changed.set(stream, ids);
    this.#flushSoon();
  }

  /**
   * Stores an event and returns its id. If it is too large, stores the result of `instead()`, which is an answer if the event is one. One that is not
   * urgent is written with the next that is, or by `flush`.
   * @param {number} stream
   * @param {string} data
   * @param {{ instead?: () => string | null, isUrgent?: boolean, isAnswer?: boolean }} [options]
   */
  append(stream, data, { instead = () => null, isUrgent = true, isAnswer = false } = {}) {
    const id = this.#number();
    this.#hasNotices ||= !isAnswer;
    const isLarge = data.length > Math.min(LARGEST, this.#limits.bytes);
    const kept = isLarge ? instead() : data;
    this.#fresh.push({ id, stream, data: kept, bytes: kept?.length ?? 0 });
    this.#size += data.length;
    if (this.#size > MANY) this.flush();
    else if (isUrgent) this.#flushSoon();
    return id;
  }

  /**
   * Whether events of a stream are still stored: then the rest can be sent, even if the client's last event is deleted.
   * @param {number} stream
   */
  knows(stream) {
    if (stream === GET_STREAM) return true;
    this.flush();
    // The number of a stream is smaller than those of its events.
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
   * The events of a stream after the given one. `data` is null if it was too large to store.
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

  /** The newest event; 0 if there was none. */
  newest() {
    this.flush();
    /** @type {SqlCursor<{ id: number | null }>} */
    const newest = this.#sql.exec('SELECT max(id) AS id FROM event');
    return newest.one().id ?? 0;
  }

  /** Writes pending events. */
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
      if (ids.length > 0) this.#sql.exec('INSERT OR REPLACE INTO stream VALUES (?, ?)', stream, `[${ids}]`);
      else this.#sql.exec('DELETE FROM stream WHERE id = ?', stream);
    }
    if (this.#fresh.length === 0) return;
    // One statement for all of them: a statement takes workerd as long as the rest of a call.
    this.#sql.exec(INSERT, JSON.stringify(this.#fresh.map(({ id, stream, data, bytes }) => [id, stream, data, bytes])));
    this.#grown();
  }

  /** Stops writing, because the session has ended. */
  end() {
    this.#isOver = true;
    this.flush();
  }

  #flushSoon() {
    this.#timer ??= setTimeout(() => this.flush(), MOMENT);
  }

  // Numbers are unique across instances, including numbers that an instance assigned and never wrote: they start at the time in microseconds, and
  // no client gets a thousand events per millisecond.
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

  /** How full it is. */
  get fill() {
    this.flush();
    const { events, bytes } = this.#count();
    return { events, bytes, maxEvents: this.#limits.events, maxBytes: this.#limits.bytes };
  }

  #count() {
    /** @type {SqlCursor<{ events: number, bytes: number }>} */
    const counted = this.#sql.exec('SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM event');
    return counted.one();
  }

  /** @param {{ events: number, bytes: number }} kept */
  #prune(kept) {
    // A tenth more than necessary, so that the next events do not prune again.
    const excess = { events: kept.events - this.#limits.events * 0.9, bytes: kept.bytes - this.#limits.bytes * 0.9 };
    if (this.#hasNotices) this.#dropNotices(excess);
    const rest = { events: 0, bytes: excess.bytes };
    const large = this.#oldest(IS_LARGE_ANSWER, rest);
    if (large > 0) {
      this.#sql.exec(
        `UPDATE event SET data = '{"jsonrpc":"2.0","id":' || (data -> '$.id') || ',"error":' || ? || '}', bytes = ? WHERE id <= ? AND ${IS_LARGE_ANSWER}`,
        GONE,
        SMALL,
        large,
      );
      excess.bytes = rest.bytes;
    }
    const answers = this.#oldest('TRUE', excess);
    if (answers > 0) this.#sql.exec('DELETE FROM event WHERE id <= ?', answers);
    this.#kept = this.#count();
  }

  /** @param {{ events: number, bytes: number }} excess */
  #dropNotices(excess) {
    const last = this.#oldest(IS_NOTICE, excess);
    if (last > 0) this.#sql.exec(`DELETE FROM event WHERE id <= ? AND ${IS_NOTICE}`, last);
    this.#hasNotices = excess.events <= 0 && excess.bytes <= 0; // otherwise all of them are gone
  }

  // The last of the oldest events that must go, of those with this condition; 0 if none must. Takes them off `excess`.
  /** @param {string} condition in SQL @param {{ events: number, bytes: number }} excess */
  #oldest(condition, excess) {
    let last = 0;
    for (let isMore = true; isMore && (excess.events > 0 || excess.bytes > 0); ) {
      // All of them: an open cursor would keep SQLite's log of writes from being emptied.
      /** @type {SqlCursor<{ id: number, bytes: number }>} */
      const some = this.#sql.exec(
        `SELECT id, bytes FROM event WHERE id > ? AND ${condition} ORDER BY id LIMIT ${SOME}`,
        last,
      );
      const rows = some.toArray();
      for (const row of rows) {
        if (excess.events <= 0 && excess.bytes <= 0) break;
        last = row.id;
        excess.events -= 1;
        excess.bytes -= row.bytes;
      }
      isMore = rows.length === SOME;
    }
    return last;
  }
}

// The events that a session sent on streams, kept for clients that come back with `Last-Event-ID` (2025-11-25 basic/transports,
// "Resumability and Redelivery"): bounded by count and bytes, the oldest go first.

export const GET_STREAM = 0; // the stream of what belongs to no request

const LARGEST = 1_000_000; // a row of SQLite in a Durable Object holds 2 MB

export class EventLog {
  #sql;
  #limits;
  #kept; // { events, bytes }, counted once an instance

  constructor(sql, { EVENT_LOG_EVENTS, EVENT_LOG_BYTES }) {
    this.#sql = sql;
    this.#limits = { events: EVENT_LOG_EVENTS, bytes: EVENT_LOG_BYTES };
  }

  create() {
    // AUTOINCREMENT: an id is never given twice, whatever was deleted. Streams begin at 1: 0 is the GET stream.
    this.#sql.exec(`
      CREATE TABLE stream (id INTEGER PRIMARY KEY AUTOINCREMENT, waiting TEXT NOT NULL);
      CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, data TEXT, bytes INTEGER NOT NULL);
      CREATE INDEX event_stream ON event (stream, id);
    `);
  }

  /** A new stream of the answers to requests with these ids; its number. */
  openStream(ids) {
    return this.#sql.exec('INSERT INTO stream (waiting) VALUES (?) RETURNING id', JSON.stringify(ids)).one().id;
  }

  /** The ids of the requests that a stream has not answered yet. */
  waiting(stream) {
    const [row] = this.#sql.exec('SELECT waiting FROM stream WHERE id = ?', stream).toArray();
    return row ? JSON.parse(row.waiting) : [];
  }

  setWaiting(stream, ids) {
    this.#sql.exec('UPDATE stream SET waiting = ? WHERE id = ?', JSON.stringify(ids), stream);
  }

  /** Keeps an event, empty text for one that only has an id; its id. What is too large leaves its id behind. */
  append(stream, data) {
    const bytes = data.length;
    const kept = bytes > LARGEST || bytes > this.#limits.bytes ? null : data;
    const { id } = this.#sql.exec('INSERT INTO event (stream, data, bytes) VALUES (?, ?, ?) RETURNING id', stream, kept, kept === null ? 0 : bytes).one();
    this.#grown(kept === null ? 0 : bytes);
    return id;
  }

  /** Which stream an event was sent on; undefined when it is not known, or not any more. */
  streamOf(id) {
    return this.#sql.exec('SELECT stream FROM event WHERE id = ?', id).toArray()[0]?.stream;
  }

  /** The events of a stream after that one. `data` is null where it was too large to keep. */
  after(stream, id) {
    return this.#sql.exec('SELECT id, data FROM event WHERE stream = ? AND id > ? ORDER BY id', stream, id).toArray();
  }

  /** The newest event of all; 0 when there was none. */
  newest() {
    return this.#sql.exec('SELECT max(id) AS id FROM event').one().id ?? 0;
  }

  #grown(bytes) {
    if (this.#kept) {
      this.#kept.events += 1;
      this.#kept.bytes += bytes;
    } else {
      this.#kept = this.#count();
    }
    if (this.#kept.events > this.#limits.events || this.#kept.bytes > this.#limits.bytes) this.#prune();
  }

  #count() {
    return this.#sql.exec('SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM event').one();
  }

  #prune() {
    // A tenth more than needed, so that not every event after this one prunes again.
    let events = this.#kept.events - this.#limits.events * 0.9;
    let bytes = this.#kept.bytes - this.#limits.bytes * 0.9;
    let last = 0;
    for (const row of this.#sql.exec('SELECT id, bytes FROM event ORDER BY id')) {
      if (events <= 0 && bytes <= 0) break;
      last = row.id;
      events -= 1;
      bytes -= row.bytes;
    }
    this.#sql.exec('DELETE FROM event WHERE id <= ?', last);
    this.#sql.exec('DELETE FROM stream WHERE id NOT IN (SELECT stream FROM event) AND waiting = ?', '[]');
    this.#kept = this.#count();
  }
}

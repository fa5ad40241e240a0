// One session of the simulated server: its id and its channels.
// @ts-check

import { Channel, placeOf } from './channel.js';

/** @import { Id } from './answers.js' */

const keptChannels = 64; // of finished calls; who comes back later has lost too much to be helped

export class Session {
  id = crypto.randomUUID();
  listening = new Channel('listen');
  #channels = new Map([['listen', this.listening]]);
  #opened = 0;
  /** @type {Map<Id | undefined, AbortController>} */
  #running = new Map(); // JSON-RPC id → what ends the call

  /** @param {string} protocolVersion */
  constructor(protocolVersion) {
    this.protocolVersion = protocolVersion;
  }

  /** A channel for the answer to one call. */
  channel() {
    this.#opened += 1;
    const name = `call-${this.#opened}`;
    const channel = new Channel(name);
    this.#channels.set(name, channel);
    if (this.#channels.size > keptChannels) this.#channels.delete([...this.#channels.keys()][1] ?? '');
    return channel;
  }

  /**
   * The response that goes on after `eventId`; undefined if that id is not known here.
   * @param {string} eventId
   */
  resume(eventId) {
    const place = placeOf(eventId);
    return place && this.#channels.get(place.name)?.open(place.index + 1);
  }

  /**
   * Notes that a call runs; the signal says when the client no longer wants it.
   * @param {Id} requestId
   */
  begin(requestId) {
    const controller = new AbortController();
    this.#running.set(requestId, controller);
    return controller.signal;
  }

  /** @param {Id} requestId */
  settle(requestId) {
    this.#running.delete(requestId);
  }

  /** @param {Id | undefined} requestId */
  cancel(requestId) {
    this.#running.get(requestId)?.abort();
  }

  close() {
    for (const channel of this.#channels.values()) channel.close();
  }

  /** As its server's process was: what ran stops, what was open breaks. */
  kill() {
    for (const controller of this.#running.values()) controller.abort();
    for (const channel of this.#channels.values()) channel.cut();
  }
}

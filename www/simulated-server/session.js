// One session of the simulated server: its id and its channels.
// @ts-check

import { Channel, placeOf } from './channel.js';

/** @import { Id } from './answers.js' */

const keptChannels = 64; // of finished calls; later clients cannot resume

export class Session {
  id = crypto.randomUUID();
  listening = new Channel('listen');
  #channels = new Map([['listen', this.listening]]);
  #opened = 0;
  /** @type {Map<Id | undefined, AbortController>} */
  #running = new Map(); // JSON-RPC id → the AbortController of the call

  /** @param {string} protocolVersion */
  constructor(protocolVersion) {
    this.protocolVersion = protocolVersion;
  }

  /** A channel for the response to one call. */
  channel() {
    this.#opened += 1;
    const name = `call-${this.#opened}`;
    const channel = new Channel(name);
    this.#channels.set(name, channel);
    if (this.#channels.size > keptChannels) this.#channels.delete([...this.#channels.keys()][1] ?? '');
    return channel;
  }

  /**
   * The response that resumes after `eventId`; undefined if the id is unknown.
   * @param {string} eventId
   */
  resume(eventId) {
    const place = placeOf(eventId);
    return place && this.#channels.get(place.name)?.open(place.index + 1);
  }

  /**
   * Registers a running call; the signal is aborted when the client cancels it.
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

  /** Like a killed process: calls stop, connections break. */
  kill() {
    for (const controller of this.#running.values()) controller.abort();
    for (const channel of this.#channels.values()) channel.cut();
  }
}

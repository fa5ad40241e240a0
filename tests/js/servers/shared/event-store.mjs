// An event store for the official SDK's server transport, so that a cut stream can be resumed.

/**
 * Stores every event of one session in order. Event ids name their stream, so a replay stays on it.
 */
export class EventStore {
  #events = [];
  #epoch = Math.random().toString(36).slice(2, 8);

  /** @param {string} streamId @param {object} message @returns {Promise<string>} the new event's id */
  async storeEvent(streamId, message) {
    const eventId = `${this.#epoch}-${this.#events.length}`;
    this.#events.push({ eventId, streamId, message });
    return eventId;
  }

  /** @param {string} eventId @returns {Promise<string | undefined>} */
  async getStreamIdForEventId(eventId) {
    return this.#events.find((event) => event.eventId === eventId)?.streamId;
  }

  /** @param {string} lastEventId @param {{ send(eventId: string, message: object): Promise<void> }} sink */
  async replayEventsAfter(lastEventId, { send }) {
    const start = this.#events.findIndex((event) => event.eventId === lastEventId);
    if (start < 0) return '';
    const { streamId } = this.#events[start];
    for (const event of this.#events.slice(start + 1)) {
      const isPriming = Object.keys(event.message).length === 0;
      if (event.streamId === streamId && !isPriming) await send(event.eventId, event.message);
    }
    return streamId;
  }
}

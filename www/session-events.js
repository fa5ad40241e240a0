// The manager's events with their details.
// @ts-check

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */

/**
 * Listens to one type of event. Returns a function that ends this.
 * @param {EventTarget} events
 * @param {SessionEvent} kind
 * @param {(detail: SessionEventDetail) => void} listener
 */
export function onSessionEvent(events, kind, listener) {
  const heard = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<SessionEventDetail>} */ (event).detail);
  events.addEventListener(kind, heard);
  return () => events.removeEventListener(kind, heard);
}

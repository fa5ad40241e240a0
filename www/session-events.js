// The manager's events with their details.
// @ts-check

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */

/**
 * Listens to one kind of event; returns a function that ends that.
 * @param {EventTarget} events
 * @param {SessionEvent} kind
 * @param {(detail: SessionEventDetail) => void} listener
 */
export function onSessionEvent(events, kind, listener) {
  const heard = (/** @type {Event} */ event) => listener(/** @type {CustomEvent<SessionEventDetail>} */ (event).detail);
  events.addEventListener(kind, heard);
  return () => events.removeEventListener(kind, heard);
}

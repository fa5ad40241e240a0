// workerd closes a kept connection 5 s after its last message, even with a request on it that it was too busy to read. A
// bare Worker that is busy for that long shows it, too.

const TRIES = 5; // several kept connections may have been closed at once

/** Whether a request failed for that: there was no response. */
export const isClosed = ({ cause }) => cause?.code === 'UND_ERR_SOCKET' || cause?.code === 'ECONNRESET';

/** Sends an idempotent request, and again if its connection was closed (RFC 9110 §9.2.2). */
export async function idempotent(send) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === TRIES || !isClosed(error)) throw error;
    }
  }
}

/** Ends a session at the gateway; throws unless it has ended. The second DELETE of an ended session gets 404. */
export async function endSession(send, id) {
  let sent = 0;
  const { status } = await idempotent(() => {
    sent += 1;
    return send('DELETE', { headers: { 'Mcp-Session-Id': id } });
  });
  if (status !== 200 && (sent === 1 || status !== 404)) throw new Error(`DELETE: ${status}`);
}

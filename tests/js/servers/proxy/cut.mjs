// Finds the place where a response stream is cut: just before the message that answers the call.

/**
 * How many bytes of this piece of the body come before the answer (a result or an error); undefined when it has none.
 * Whole events before the answer are kept, so that their ids reach the client. A plain JSON answer is cut in its
 * middle.
 * @param {Buffer} chunk
 */
export function bytesBeforeAnswer(chunk) {
  const text = chunk.toString('latin1');
  const start = text.search(/"(result|error)"\s*:/);
  if (start < 0) return undefined;
  const endOfEvent = text.lastIndexOf('\n\n', start);
  if (endOfEvent >= 0) return endOfEvent + 2;
  return text.startsWith('{') ? Math.floor(chunk.length / 2) : 0;
}

// Reading a request's body, up to a limit.
// @ts-check

// A client that is refused while it still sends sees a broken connection instead of the response. So unwanted bodies are read and discarded, up to
// a limit.
const MAX_DRAINED = 32 * 1024 * 1024;

/**
 * The body as text, with its `declared` length, if any; undefined, without buffering it, if it is larger than `limit` bytes.
 * @param {Request} request
 * @param {string | undefined} declared
 * @param {number} limit
 * @returns {Promise<string | undefined>}
 */
export function readText(request, declared, limit) {
  if (declared === undefined) return readWhile(request, limit);
  return Number(declared) > limit ? Promise.resolve(undefined) : request.text(); // HTTP enforces the declared length
}

/** @param {Request} request @param {number} limit */
async function readWhile(request, limit) {
  let chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_DRAINED) break;
    if (size > limit) chunks = [];
    else chunks.push(chunk);
  }
  return size > limit ? undefined : new Blob(chunks).text();
}

/**
 * Reads and discards the rest of the body.
 * @param {Request} request
 */
export async function drain(request) {
  if (!request.body || request.bodyUsed) return;
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > MAX_DRAINED) break;
  }
}

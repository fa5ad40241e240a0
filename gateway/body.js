// Reading a request's body, up to a limit.
// @ts-check

// A client that is refused while it still writes sees a broken connection instead of the refusal. So what is not wanted is read, and
// thrown away, up to a point.
const MAX_DRAINED = 32 * 1024 * 1024;

/**
 * The body, which is `declared` to have a length or not, as text; undefined when it is larger than `limit` bytes: then nothing of it is kept.
 * @param {Request} request
 * @param {string | undefined} declared
 * @param {number} limit
 * @returns {Promise<string | undefined>}
 */
export function readText(request, declared, limit) {
  if (declared === undefined) return readWhile(request, limit);
  return Number(declared) > limit ? Promise.resolve(undefined) : request.text(); // HTTP holds it to what it declared
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
 * Reads what is left of the body.
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

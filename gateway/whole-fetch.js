// The `fetch` of sessions with servers. In workerd, each chunk of a body costs as much as reading a whole body, and each await more than the work after it. So a
// small response of known length gets its text as `whole`, and the module does not have to read it (src/web/fetch.rs).
// @ts-check

const SMALL = 64 * 1024; // bytes
const TYPES = /^(application\/json|text\/event-stream) *(;|$)/i;

/**
 * @param {string} url
 * @param {RequestInit} init
 * @param {(url: string, init: RequestInit) => Promise<Response>} [send]
 */
export async function wholeFetch(url, init, send) {
  const response = await (send ? send(url, init) : fetch(url, init));
  const { status, headers } = response;
  const type = TYPES.exec(headers.get('content-type') ?? '')?.[1];
  if (type === undefined || !isSmall(headers)) return response;
  try {
    return { status, headers: headersOf(headers, type), whole: await response.text() };
  } catch (error) {
    return { status, headers, body: new ReadableStream({ start: (controller) => controller.error(error) }) };
  }
}

// For the diagnosis, which reads complete responses.
/** @param {string} url @param {RequestInit} init */
wholeFetch.plain = (url, init) => fetch(url, init);

// Reading a header is a call into the runtime; the value of this one is known.
/** @param {Headers} headers @param {string} type */
function headersOf(headers, type) {
  return { get: (/** @type {string} */ name) => (name === 'content-type' ? type : headers.get(name)) };
}

// With a content encoding, the length is not that of the decoded body.
/** @param {Headers} headers */
function isSmall(headers) {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SMALL && !headers.has('content-encoding');
}

// The `fetch` of the package in workerd: small JSON responses come with their text.
// @ts-check

const SMALL = 64 * 1024; // bytes

/** @typedef {{ status: number, headers: Pick<Headers, 'get'>, whole?: string, body?: ReadableStream }} Parts what the module reads of a response */

/**
 * In workerd, each chunk of a body costs as much as reading a whole body, and each await more than the work after it. So a small JSON response gets
 * its text as `whole`, which the module does not have to read.
 * @param {string} url
 * @param {RequestInit} [init]
 */
export async function wholeFetch(url, init) {
  const response = await fetch(url, init);
  const parts = isSmallJson(response.headers) ? await partsOf(response) : response;
  return /** @type {Response} */ (parts);
}

// For the diagnosis, which reads complete responses.
/** @param {string} url @param {RequestInit} [init] */
wholeFetch.plain = (url, init) => fetch(url, init);

/** @param {Response} response @returns {Promise<Parts>} */
async function partsOf(response) {
  const { status, headers } = response;
  try {
    return { status, headers: ofJson(headers), whole: await response.text() };
  } catch (error) {
    return { status, headers, body: new ReadableStream({ start: (controller) => controller.error(error) }) };
  }
}

// Reading a header is a call into the runtime; the value of this one is known.
/** @param {Headers} headers @returns {Pick<Headers, 'get'>} */
function ofJson(headers) {
  return { get: (name) => (name === 'content-type' ? 'application/json' : headers.get(name)) };
}

// With a content encoding, the length is not that of the decoded body.
/** @param {Headers} headers */
function isSmallJson(headers) {
  const length = headers.get('content-length');
  const isJson = /^application\/json *(;|$)/i.test(headers.get('content-type') ?? '');
  return isJson && length !== null && Number(length) <= SMALL && !headers.has('content-encoding');
}

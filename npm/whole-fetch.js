// The `fetch` of the package in workerd: small JSON responses come with their text. That of the gateway's sessions is made of it, too.
// @ts-check

const SMALL = 64 * 1024; // bytes
const JSON_TYPE = /^(application\/json) *(;|$)/i;

/** @typedef {{ status: number, headers: Pick<Headers, 'get'>, whole?: string, body?: ReadableStream }} Parts what the module reads of a response */

/** @param {string} url @param {RequestInit} [init] */
export function wholeFetch(url, init) {
  return wholeOf(fetch(url, init), JSON_TYPE);
}

// For the diagnosis, which reads complete responses.
/** @param {string} url @param {RequestInit} [init] */
wholeFetch.plain = (url, init) => fetch(url, init);

/**
 * In workerd, each chunk of a body costs as much as reading a whole body, and each await more than the work after it. So a small response of known length
 * gets its text as `whole`, which the module does not have to read (src/web/fetch.rs).
 * @param {Promise<Response>} pending
 * @param {RegExp} types of such responses: its first group is the name of the type
 * @returns {Promise<Response>}
 */
export async function wholeOf(pending, types) {
  const response = await pending;
  const { status, headers } = response;
  // workerd takes an informational response, such as 103, for the final one, and never reads that: the outcome is unknown.
  if (status < 200) throw new TypeError(`HTTP status ${status}`);
  const type = types.exec(headers.get('content-type') ?? '')?.[1];
  return type !== undefined && isSmall(headers) ? /** @type {any} */ (await partsOf(response, type)) : response;
}

/** @param {Response} response @param {string} type @returns {Promise<Parts>} */
async function partsOf(response, type) {
  const { status, headers } = response;
  try {
    return { status, headers: headersOf(headers, type), whole: await response.text() };
  } catch (error) {
    return { status, headers, body: new ReadableStream({ start: (controller) => controller.error(error) }) };
  }
}

// Reading a header is a call into the runtime; the value of this one is known.
/** @param {Headers} headers @param {string} type @returns {Pick<Headers, 'get'>} */
function headersOf(headers, type) {
  return { get: (name) => (name === 'content-type' ? type : headers.get(name)) };
}

// With a content encoding, the length is not that of the decoded body.
/** @param {Headers} headers */
function isSmall(headers) {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SMALL && !headers.has('content-encoding');
}

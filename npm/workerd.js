// For Cloudflare Workers, where WebAssembly may not be compiled at run time: the import is a module that was compiled at upload.

import module from './mcp_tether_bg.wasm';
import { McpManager as AnyManager, initSync } from './slim.js';

export { default, McpError, McpSession } from './slim.js';

const SMALL = 64 * 1024; // bytes

export class McpManager extends AnyManager {
  constructor(config, options) {
    super(config, { fetch: wholeFetch, ...options });
  }
}

initSync(module);

// Here each piece of a body takes as long as a body read whole, and each return from waiting longer than what is done then. So the answer to a
// request has its text as `whole` where it is small JSON, and nobody has to read it.
async function wholeFetch(url, init) {
  const response = await fetch(url, init);
  const { status, headers } = response;
  if (/^application\/json *(;|$)/i.test(headers.get('content-type')) && isSmall(headers)) {
    try {
      return { status, headers: ofJson(headers), whole: await response.text() };
    } catch (error) {
      return { status, headers, body: new ReadableStream({ start: (controller) => controller.error(error) }) };
    }
  }
  return response;
}

// For the diagnosis, which looks at all of an answer.
wholeFetch.plain = (url, init) => fetch(url, init);

// Each look at a header is a call into the runtime, and this one is known.
function ofJson(headers) {
  return { get: (name) => (name === 'content-type' ? 'application/json' : headers.get(name)) };
}

// A length says nothing about what comes out of a decompressor.
function isSmall(headers) {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SMALL && !headers.has('content-encoding');
}

// For Cloudflare Workers, which forbid compiling WebAssembly at run time: the import is a module compiled at upload.

import module from './mcp_tether_bg.wasm';
import { McpManager as AnyManager, initSync } from './slim.js';

export { default, McpError, McpSession } from './slim.js';

const SMALL = 64 * 1024; // bytes

export class McpManager extends AnyManager {
  constructor(config, options) {
    super(config, { ...options, fetch: options?.fetch ?? wholeFetch });
  }
}

initSync(module);

// In workerd, each chunk of a body costs as much as reading a whole body, and each await more than the work after it. So a small JSON response gets
// its text as `whole`, which the module does not have to read.
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

// For the diagnosis, which reads complete responses.
wholeFetch.plain = (url, init) => fetch(url, init);

// Reading a header is a call into the runtime; the value of this one is known.
function ofJson(headers) {
  return { get: (name) => (name === 'content-type' ? 'application/json' : headers.get(name)) };
}

// With a content encoding, the length is not that of the decoded body.
function isSmall(headers) {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SMALL && !headers.has('content-encoding');
}

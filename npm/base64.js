// The module embedded in JavaScript, for Node and for pages whose bundler or server lost the file. Bundlers include it as a lazy chunk.
// tools/build.sh writes packed.js: the module in raw DEFLATE and base64.

export { packed } from './packed.js';

import { packed } from './packed.js';

export async function unpack() {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  // Tests that imitate a page in Node (jsdom). Written so that no bundler adds a substitute for `process` or `node:zlib`.
  if (!globalThis.DecompressionStream) return globalThis.process.getBuiltinModule('node:zlib').inflateRawSync(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).arrayBuffer();
}

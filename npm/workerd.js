// For Cloudflare Workers, which forbid compiling WebAssembly at run time: the import is a module compiled at upload.

import module from './mcp_tether_bg.wasm';
import { McpManager as AnyManager, initSync } from './slim.js';
import { wholeFetch } from './whole-fetch.js';

export { default, McpError, McpSession } from './slim.js';

export class McpManager extends AnyManager {
  constructor(config, options) {
    super(config, { ...options, fetch: options?.fetch ?? wholeFetch });
  }
}

initSync(module);

// For Cloudflare Workers, where WebAssembly may not be compiled at run time: the import is a module that was compiled at upload.

import module from './mcp_tether_bg.wasm';
import { initSync } from './slim.js';

export { default, McpError, McpManager, McpSession } from './slim.js';

initSync(module);

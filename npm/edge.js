// For edge runtimes other than Cloudflare's, which compile no bytes at run time either: their bundlers make a compiled module of this import.

import module from './mcp_tether_bg.wasm?module';
import { initSync } from './slim.js';

export { default, McpError, McpManager, McpSession } from './slim.js';

initSync(module);

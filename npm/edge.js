// For other edge runtimes, which also forbid compiling at run time: their bundlers compile the module behind this import.

import module from './mcp_tether_bg.wasm?module';
import { initSync } from './slim.js';

export { default, McpError, McpManager, McpSession } from './slim.js';

initSync(module);

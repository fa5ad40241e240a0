// For Node, Deno and Bun, which can read a file at once: ready when the import is done.

import { readFileSync } from 'node:fs';
import { initSync } from './slim.js';

export { default, McpError, McpManager, McpSession } from './slim.js';

initSync(readFileSync(new URL('./mcp_tether_bg.wasm', import.meta.url)));

// For pages and their workers: `await init()` fetches the module from beside this file.

export { default, McpError, McpManager, McpSession } from './slim.js';

import type { ServerConfig } from './index.js';

/**
 * A server whose cookies are kept, where the host keeps none: Node, Deno, Bun and Workers. Load balancers set such cookies to find the replica that has a
 * session. Each user has a jar of their own at this server; it lives in memory, for the last 10 000 users.
 *
 * `{ mcpServers: { notes: withCookies({ url: 'https://notes.example/mcp' }) } }`
 *
 * In a page, `credentials: 'include'` has the same effect. Needs the npm package `tough-cookie` beside this one.
 */
export function withCookies(server: ServerConfig): ServerConfig;

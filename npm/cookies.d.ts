import type { ServerConfig } from './index.js';

/**
 * Stores the cookies of a server on hosts without a cookie store: Node, Deno, Bun and Workers. Load balancers set such cookies to find the replica that
 * has a session. Each user has a separate jar per server, in memory, for the last 10 000 users.
 *
 * `{ mcpServers: { notes: withCookies({ url: 'https://notes.example/mcp' }) } }`
 *
 * In a page, `credentials: 'include'` has the same effect. Needs the npm package `tough-cookie`.
 */
export function withCookies(server: ServerConfig): ServerConfig;

// Compiled, never run: the platform as @cloudflare/workers-types declares it, with classes, which `typeof globalThis` does not have.

import { McpManager } from 'mcp-tether';
import { oauth } from 'mcp-tether/oauth';

declare global {
  class URL {
    constructor(url: string | URL);
    href: string;
    origin: string;
  }
  class Headers {
    get(name: string): string | null;
  }
  class Request {
    constructor(input: string | URL | Request, init?: RequestInit);
    readonly url: string;
  }
  class Response {
    readonly status: number;
    readonly headers: Headers;
    readonly body: object | null;
  }
  interface RequestInit {
    method?: string;
    headers?: Headers | Record<string, string>;
    body?: string | null;
    redirect?: string;
    signal?: object | null;
  }
  function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

declare const service: { fetch: typeof fetch };

export const auth = oauth({ authorize: (url) => url, redirectUri: new URL('https://app.example/callback'), fetch });
const own = { url: 'https://notes.example/mcp', fetch: service.fetch, auth };
const wrapped = {
  url: own.url,
  fetch: (url: string | URL, init?: RequestInit) => service.fetch(new Request(url, init)),
};
export const manager = new McpManager({ mcpServers: { own, wrapped } }, { fetch });

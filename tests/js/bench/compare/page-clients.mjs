// The compared clients in a page: esbuild bundles this file with the official SDK; our package is loaded from its own
// URL.

import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { crowd, nameOf } from './crowd.mjs';
import { officialClient, ownClient } from './faces.mjs';

/** @param {'SDK v1' | 'SDK v2' | 'mcp-tether'} name */
async function opener(name) {
  if (name === 'SDK v1')
    return officialClient({ Client: ClientV1, StreamableHTTPClientTransport: TransportV1, CallToolResultSchema });
  if (name === 'SDK v2') return officialClient({ Client: ClientV2, StreamableHTTPClientTransport: TransportV2 });
  const own = await import(String(new URL('/pkg/browser.js', location.href)));
  await own.default();
  return ownClient(own);
}

globalThis.compare = { opener, crowd, nameOf };

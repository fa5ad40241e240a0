// The server behind a bridge from stdio to HTTP.
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createServer } from './sdk.mjs';

await createServer().connect(new StdioServerTransport());

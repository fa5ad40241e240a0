// A small MCP server on this machine, for the tests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** Starts it, for as long as the process runs. Returns its URL. */
export async function startServer(): Promise<string> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'greeter', version: '1.0.0' });
    server.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
      content: [{ type: 'text', text: `Hello, ${name}!` }],
    }));
    return server;
  });
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await handler.fetch(
      new Request(`http://${request.headers.host}${request.url}`, {
        method: request.method,
        headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]),
        body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  http.unref();
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

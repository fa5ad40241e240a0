import { exports } from 'cloudflare:workers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';

const endpoint = 'https://gateway.example/greeter/mcp';

test('an official client calls a tool through the gateway', async () => {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(endpoint), {
    fetch: (url, init) => exports.default.fetch(new Request(url, init)),
    requestInit: { headers: { authorization: 'Bearer token-of-ada' } },
  });
  await client.connect(transport);
  const { content } = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
  expect(content).toEqual([{ type: 'text', text: 'Hello, Ada!' }]);
  await client.close();
});

test('a caller without a token is refused', async () => {
  const response = await exports.default.fetch(new Request(endpoint, { method: 'POST', body: '{}' }));
  expect(response.status).toBe(401);
});

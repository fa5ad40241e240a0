// Tests run on workerd, with the Worker of wrangler.jsonc, in front of a real MCP server.
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { startServer } from './test/server.ts';

export default defineConfig(async () => {
  const url = await startServer();
  return {
    test: { testTimeout: 60_000 }, // the first test starts workerd, and compiles the gateway
    plugins: [
      cloudflareTest({
        wrangler: { configPath: './wrangler.jsonc' },
        miniflare: {
          bindings: {
            MCP_SERVERS: { mcpServers: { greeter: { url } } },
            BEARER_TOKENS: { ada: 'token-of-ada' },
            ADMIN_TOKEN: 'token-of-the-admin',
          },
        },
      }),
    ],
  };
});

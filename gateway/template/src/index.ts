// The gateway, and the classes of its Durable Objects, which wrangler.jsonc binds.
import gateway, { type Env } from 'mcp-tether-gateway';

export { CredentialsObject, IndexObject, RegistryObject, SessionObject } from 'mcp-tether-gateway';

export default {
  async fetch(request, env, ctx) {
    // Routes of your own come first. The gateway has /, /<server>/mcp, /sessions, /metrics, /healthz, /oauth/ and /.well-known/.
    const { pathname } = new URL(request.url);
    if (pathname === '/robots.txt') return new Response('User-agent: *\nDisallow: /\n');
    return gateway.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;

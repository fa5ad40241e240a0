// The gateway of the tests of draining: before a server with two addresses, one with one, and one of 2026-07-28.
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { startStack } from './stack.mjs';

/** `servers` is the configuration, which a test may change before it restarts the gateway. */
export async function startDrainable() {
  const replicas = await Promise.all([startSdkServer(), startSdkServer()]);
  const modern = await startModernServer();
  const [first, second] = replicas.map(({ url }) => url);
  const servers = { pair: { url: first, replicas: [second] }, one: { url: first }, modern: { url: modern.url } };
  // Servers that stay would keep the process of the test from its end.
  const close = () => Promise.all([...replicas, modern].map((server) => server.close()));
  const stack = await startStack({ server: false, servers }).catch(async (error) => {
    await close();
    throw error;
  });
  return {
    replicas,
    modern,
    servers,
    stack,
    async stop() {
      await stack.stop();
      await close();
    },
  };
}

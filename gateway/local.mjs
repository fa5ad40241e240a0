// Runs the built Worker locally on workerd, for `make worker` and the tests.
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('dist/', import.meta.url));

export const compatibility = { compatibilityDate: '2026-04-01', compatibilityFlags: ['enable_request_signal'] };

/**
 * Starts the gateway and waits until it responds.
 * @param {object} options
 * @param {object} options.servers the `mcpServers` of the configuration
 * @param {Record<string, unknown>} options.vars further variables and secrets, AUTH among them
 * @param {string} options.state a folder in which the objects' storage outlives a restart
 * @param {string} [options.folder] of the built Worker, with a slash at the end
 * @param {number} [options.port] 0, the default, takes a free one
 * @param {(line: string) => void} [options.log] gets what the Worker prints
 * @returns {Promise<{ origin: string, url(server: string): string, stop(): Promise<void> }>}
 */
export async function startGateway({ servers, vars, state, folder = dist, port = 0, log }) {
  const files = await readdir(folder).catch(() => []);
  const entry = files.includes('index.js')
    ? files.filter((name) => name === 'index.js' || name.endsWith('.wasm'))
    : undefined;
  if (!entry) throw new Error('gateway/dist is missing: run tools/build-worker.sh');
  // Not before it is needed, and not by import(), which first reads all of it for its exports: half of the time.
  const { Miniflare } = /** @type {typeof import('miniflare')} */ (createRequire(import.meta.url)('miniflare'));
  const miniflare = new Miniflare({
    ...compatibility,
    host: '127.0.0.1',
    // Directly to the Worker: miniflare's own port has another Worker in front of it, which compresses responses and hides
    // disconnecting clients.
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
    modulesRoot: folder,
    modules: [
      { type: 'ESModule', path: `${folder}index.js` },
      ...entry
        .filter((name) => name.endsWith('.wasm'))
        .map((name) => ({ type: 'CompiledWasm', path: `${folder}${name}` })),
    ],
    bindings: { MCP_SERVERS: { mcpServers: servers }, ...vars },
    durableObjects: {
      SESSIONS: { className: 'SessionObject', useSQLite: true },
      INDEX: { className: 'IndexObject', useSQLite: true },
      REGISTRY: { className: 'RegistryObject', useSQLite: true },
      CREDENTIALS: { className: 'CredentialsObject', useSQLite: true },
    },
    durableObjectsPersist: state,
    handleRuntimeStdio:
      log &&
      ((stdout, stderr) => {
        for (const stream of [stdout, stderr]) stream.setEncoding('utf8').on('data', (text) => log(text.trimEnd()));
      }),
  });
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {}); // it fails in the same way, after the end of what it has started
    throw error;
  }
  const { origin } = await miniflare.unsafeGetDirectURL();
  return { origin, url: (server) => `${origin}/${server}/mcp`, stop: () => miniflare.dispose() };
}

// Bundles the official TypeScript client for the demo page, which runs it beside ours. Not committed: it is built from
// node_modules.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));

export async function bundleOfficialClient() {
  const { version } = JSON.parse(
    await readFile(`${root}node_modules/@modelcontextprotocol/client/package.json`, 'utf8'),
  );
  const contents = `export { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'; export const version = '${version}';`;
  await build({
    stdin: { contents, resolveDir: root },
    inject: [`${root}tools/jitless-zod.mjs`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    legalComments: 'eof',
    outfile: `${root}www/bundled/official-client.js`,
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleOfficialClient();

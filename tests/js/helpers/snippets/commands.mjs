// The shell commands in the documents: each with the test that runs it, or with the reason why none does.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './project.mjs';

const downloads = 'downloads from npm';
const account = "needs an account at Cloudflare; `package-deploy.test.mjs` runs wrangler's dry run";
const measures = 'takes minutes to an hour, and measures the machine';
const itself = 'runs tests itself';
const gatewayCommands = 'tests/gateway/package.test.mjs';
const gatewayProject = 'tests/gateway/package.all.mjs';

/** @type {Record<string, [beginning: string, test: string | undefined, reason?: string][]>} */
export const commands = {
  'README.md': [
    ['npm pack ../mcp-tether/pkg', 'tests/js/suites/docs-start.test.mjs'],
    ['npm install ./mcp-tether-*.tgz', 'tests/js/suites/docs-start.test.mjs'],
    ['make demo', 'tests/js/suites/page.test.mjs'],
    ['make worker', 'tests/gateway/serve.test.mjs'],
    ['make test', undefined, itself],
  ],
  'CONTRIBUTING.md': [
    ['cargo test ', undefined, itself],
    ['SEED=', undefined, itself],
    ['tools/test-', undefined, itself],
    ['ROW=', undefined, itself],
    ['UPGRADE_FROM=', undefined, itself],
  ],
  'docs/cors.md': [['npx mcp-tether doctor ', 'tests/js/suites/docs-start.test.mjs']],
  'docs/diagnosis.md': [['', 'tests/js/suites/diagnosis-document.test.mjs']],
  'docs/frameworks.md': [['', undefined, downloads]],
  'docs/gateway.md': [
    ['npm install ../mcp-tether/pkg-gateway', gatewayCommands],
    ['NOTES_TOKEN=secret npx mcp-tether-gateway dev', gatewayCommands],
    ['claude mcp add ', undefined, 'needs Claude Code'],
    ['npx mcp-tether-gateway init my-gateway', gatewayProject],
    ['cd my-gateway', gatewayProject],
    ['npm install ../../mcp-tether/pkg-gateway', undefined, downloads],
    ['npm test', gatewayProject],
    ['npm run deploy', undefined, account],
  ],
  'docs/operation.md': [['npx mcp-tether-gateway drain', 'tests/gateway/drain-admin.test.mjs']],
  'docs/rust.md': [['', 'tests/js/suites/rust-page.all.mjs']],
  'docs/scale.md': [['', undefined, measures]],
  'docs/start.md': [
    ['npm pack ../mcp-tether/pkg', 'tests/js/suites/docs-start.test.mjs'],
    ['npm install ./mcp-tether-*.tgz', 'tests/js/suites/docs-start.test.mjs'],
    ['PORT=3000 npx @modelcontextprotocol/server-everything', undefined, downloads],
    ['node ', 'tests/js/suites/docs-start.test.mjs'],
    ['npx wrangler dev', undefined, `${downloads}; docs-start.test.mjs runs the Worker in miniflare`],
    ['curl ', 'tests/js/suites/docs-start.test.mjs'],
  ],
  // `examples.test.mjs`, `react.test.mjs`, `devtools.test.mjs` and others run the programs, from the packages of this repository.
  'examples/README.md': [['', undefined, downloads]],
  'gateway/README.md': [
    ['make worker', 'tests/gateway/serve.test.mjs'],
    ['cd gateway', undefined, account],
    ['npx wrangler ', undefined, account],
  ],
  'gateway/package/README.md': [
    ['npx mcp-tether-gateway dev', gatewayCommands],
    ['MCP_TOKEN=', gatewayCommands],
    ['npx mcp-tether-gateway init my-gateway', gatewayProject],
    ['cd my-gateway', gatewayProject],
    ['npm install', undefined, downloads],
    ['npm test', gatewayProject],
    ['npm run deploy', undefined, account],
  ],
  'gateway/template/README.md': [
    ['npm install', undefined, downloads],
    ['npm run dev', undefined, "wrangler's own server; the tests of the template run the Worker on workerd"],
    ['npm test', gatewayProject],
    ['npm run types', gatewayProject],
    ['npm run deploy', undefined, account],
  ],
};

/** The blocks of shell commands of a document, as they stand there. @param {string} path */
export async function shellBlocks(path) {
  const text = await readFile(join(root, path), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
}

/** The commands of a block, one a line, without comments. @param {string} block */
export function commandsOf(block) {
  const lines = block.replace(/\\\n\s*/g, '').split('\n');
  return lines.map((line) => line.replace(/(^|\s+)# .*$/, '')).filter(Boolean);
}

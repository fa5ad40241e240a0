// `mcp-tether-gateway init`: writes a project for Cloudflare Workers.
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Complaint } from './complaint.mjs';
import { nameOf } from './config.mjs';
import { newToken } from './secrets.mjs';

const template = fileURLToPath(new URL('template/', import.meta.url));

/** @param {{ folder: string, version: string }} options */
export async function init({ folder, version }) {
  const target = resolve(folder);
  await mkdir(target, { recursive: true }).catch((error) => {
    throw new Complaint(`${folder}: cannot be created: ${error.message}`);
  });
  const present = (await readdir(target)).filter((name) => name !== '.git');
  if (present.length > 0)
    throw new Complaint(`${folder}: is not empty (${present.slice(0, 3).join(', ')}): name another folder`);
  await cp(template, target, { recursive: true });
  // npm leaves a file of this name out of packages.
  await rename(join(target, 'gitignore'), join(target, '.gitignore'));
  const name = nameOf(target);
  await change(join(target, 'wrangler.jsonc'), '"name": "mcp-gateway"', `"name": "${name}"`);
  await change(join(target, 'package.json'), '"name": "mcp-gateway"', `"name": "${name}"`);
  await change(join(target, 'package.json'), /"mcp-tether-gateway": ".*?"/, `"mcp-tether-gateway": "^${version}"`);
  await writeFile(join(target, '.dev.vars'), secrets(), { mode: 0o600 });
  // Wrangler creates a Worker with required secrets only if it gets them along. A build from a repository, as after the Deploy button, has no such file.
  await change(join(target, 'package.json'), '"wrangler deploy"', '"wrangler deploy --secrets-file .dev.vars"');
  process.stdout.write(nextSteps(relative('', target)));
}

/** @param {string} file @param {string | RegExp} from @param {string} to */
async function change(file, from, to) {
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}

function secrets() {
  return `# Secrets: not for the repository. \`npm run deploy\` sends them to Cloudflare, \`npm run dev\` uses them here.
BEARER_TOKENS='${JSON.stringify({ me: newToken() })}'
ADMIN_TOKEN=${newToken()}
`;
}

/** @param {string} folder */
function nextSteps(folder) {
  return `The project is in ${folder || 'this folder'}. Its servers are in wrangler.jsonc, the tokens in .dev.vars.

${folder ? `  cd ${folder}\n` : ''}  npm install
  npm run dev      # runs it on this machine
  npm test         # an official client calls a tool through it
  npm run deploy   # asks for your Cloudflare account and deploys it
`;
}

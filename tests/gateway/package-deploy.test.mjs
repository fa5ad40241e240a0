// Deployments by wrangler: of a project that `init` writes, and of this repository.
// wrangler calls tools/build-worker.sh, which leaves the Worker as it is: tools/test-worker.sh has built it.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { install, newerNode, packed, root, run } from './package-project.mjs';

const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
// No account, no questions, no news.
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  CI: 'true',
  WRANGLER_SEND_METRICS: 'false',
  NO_COLOR: '1',
};

let project;
before(async () => {
  project = await packed();
});
after(() => project?.remove());

/** Runs the project's own command for it, as `npm run deploy` and Cloudflare's builds do. */
async function deploy(cwd) {
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'));
  const [program, ...args] = scripts.deploy.split(' ');
  assert.equal(program, 'wrangler');
  return run(newerNode, [wrangler, ...args, '--dry-run', '--outdir', join(cwd, 'out')], {
    cwd,
    env: { ...env, WRANGLER_LOG_PATH: join(project.folder, 'logs') },
  });
}

/** What wrangler says if all is well: the bindings, and no warning. */
function assertClean({ code, stdout, stderr }) {
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stdout + stderr, /warn|error|deprecat/i);
  for (const [binding, kind] of [
    ['SESSIONS', 'SessionObject'],
    ['INDEX', 'IndexObject'],
    ['REGISTRY', 'RegistryObject'],
    ['CREDENTIALS', 'CredentialsObject'],
  ])
    assert.match(stdout, new RegExp(`env\\.${binding} \\(${kind}\\)`));
}

/** JSON with comments is YAML, once the comments are gone. */
async function jsonc(path) {
  return parse((await readFile(path, 'utf8')).replace(/^\s*\/\/.*$/gm, ''));
}

test('the project that init writes can be deployed', async () => {
  const { code, stdout } = await run(process.execPath, [project.cli, 'init', 'My Gateway'], { cwd: project.folder });
  assert.equal(code, 0);
  assert.match(stdout, /cd My Gateway\n {2}npm install/);
  const folder = join(project.folder, 'My Gateway');
  await install(folder, {
    'mcp-tether-gateway': join(project.folder, 'node_modules/mcp-tether-gateway'),
    wrangler: join(root, 'node_modules/wrangler'),
  });
  assert.equal((await jsonc(join(folder, 'wrangler.jsonc'))).name, 'my-gateway');
  assert.equal((await stat(join(folder, '.dev.vars'))).mode & 0o777, 0o600);
  assert.match(await readFile(join(folder, '.gitignore'), 'utf8'), /^\.dev\.vars$/m);

  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  assert.match(scripts.deploy, / --secrets-file \.dev\.vars$/, 'a Worker with required secrets is new only with them');
  assertClean(await deploy(folder));
});

test('two projects have different tokens, and a folder with files is left alone', async () => {
  const secrets = async (name) => {
    await run(process.execPath, [project.cli, 'init', name], { cwd: project.folder });
    const text = await readFile(join(project.folder, name, '.dev.vars'), 'utf8');
    return [.../** @type {any} */ (text.matchAll(/[\w-]{43}/g))].map(([token]) => token);
  };
  const [one, other] = [await secrets('one'), await secrets('other')];
  assert.equal(new Set([...one, ...other]).size, 4);

  await mkdir(join(project.folder, 'full'));
  await writeFile(join(project.folder, 'full/notes.txt'), 'mine');
  const { code, stderr } = await run(process.execPath, [project.cli, 'init', 'full'], { cwd: project.folder });
  assert.equal(code, 1);
  assert.match(stderr, /full: is not empty \(notes\.txt\)/);
});

// As the Deploy button does it: the folder itself, without `init`, and its script `deploy`. The secrets are already in the Worker; `.dev.vars` is not there.
test('the template can be deployed, and has no default for a secret', async () => {
  const folder = join(project.folder, 'template');
  await cp(join(root, 'gateway/template'), folder, { recursive: true });
  await install(folder, {
    'mcp-tether-gateway': join(project.folder, 'node_modules/mcp-tether-gateway'),
    wrangler: join(root, 'node_modules/wrangler'),
  });
  const examples = await readFile(join(folder, '.dev.vars.example'), 'utf8');
  const lines = examples.split('\n').filter((line) => line && !line.startsWith('#'));
  const { secrets, vars } = await jsonc(join(folder, 'wrangler.jsonc'));
  assert.deepEqual(
    lines,
    secrets.required.map((name) => `${name}=`),
  );
  const { cloudflare } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(cloudflare.bindings).sort(), [...secrets.required, ...Object.keys(vars)].sort());

  assertClean(await deploy(folder));
});

test('this repository can be deployed, and the template has its classes, bindings and migrations', async () => {
  const ours = await jsonc(join(root, 'gateway/wrangler.jsonc'));
  const template = await jsonc(join(root, 'gateway/template/wrangler.jsonc'));
  for (const name of ['durable_objects', 'migrations', 'compatibility_flags', 'observability'])
    assert.deepEqual(template[name], ours[name], name);

  assert.equal(ours.observability.redact_query_string, true);

  assertClean(
    await run(newerNode, [wrangler, 'deploy', '--dry-run', '--outdir', join(project.folder, 'ours')], {
      cwd: join(root, 'gateway'),
      env: { ...env, WRANGLER_LOG_PATH: join(project.folder, 'logs') },
    }),
  );
});

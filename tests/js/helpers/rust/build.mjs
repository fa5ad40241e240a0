// Builds the Rust programs of examples/ as their users do, outside of their folders.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = fileURLToPath(new URL('../../../..', import.meta.url));

// As tools/environment.sh sets them.
const linkedToolchain = join(root, '.tools/toolchain');
const env = {
  ...process.env,
  PATH: `${join(root, '.tools/bin')}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  CARGO_TARGET_DIR: join(root, 'target/examples'),
  ...(existsSync(linkedToolchain) && { RUSTUP_TOOLCHAIN: readFileSync(linkedToolchain, 'utf8').trim() }),
};

/** A folder for a build's output. */
export async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'rust-'));
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** Runs wasm-pack in a folder of this project. */
export function wasmPack(args, cwd) {
  return run('wasm-pack', args, { cwd, env, maxBuffer: 2 ** 26 });
}

/** Runs commands of a document. @param {string} commands @param {string} cwd */
export function typed(commands, cwd) {
  return run('bash', ['-ec', commands], { cwd, env, maxBuffer: 2 ** 26 });
}

/** `wasm-pack build --target web`, without a download of tools. */
export function buildWithWasmPack(example, folder) {
  const args = ['build', '--mode', 'no-install', '--target', 'web', '--out-dir', folder];
  return wasmPack(args, join(root, 'examples', example));
}

/** Compiles an example, or a project elsewhere whose path is given, and writes its module and glue to a folder. */
export async function buildWithBindgen(example, folder) {
  const cwd = resolve(root, 'examples', example);
  await run('cargo', ['build', '--release', '--target', 'wasm32-unknown-unknown'], { cwd, env, maxBuffer: 2 ** 26 });
  const name = basename(cwd).replaceAll('-', '_');
  const built = join(env.CARGO_TARGET_DIR, 'wasm32-unknown-unknown/release', `${name}.wasm`);
  await run('wasm-bindgen', ['--target', 'web', '--no-typescript', '--out-dir', folder, built], { cwd, env });
}

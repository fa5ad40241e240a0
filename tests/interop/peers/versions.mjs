// The version of a peer in use: from its lock file, not from what the peer reports.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string} name of an npm package */
export function npmVersion(name) {
  const { packages } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../../package-lock.json', import.meta.url)), 'utf8'),
  );
  return `${name} ${packages[`node_modules/${name}`].version}`;
}

/** @param {string} requirements a file of pinned Python packages */
export function pythonVersion(requirements) {
  return `mcp ${find(requirements, /^mcp==(.+)$/m)}`;
}

/** @param {string} lock a Cargo.lock @param {string} name of a crate */
export function crateVersion(lock, name) {
  return `${name} ${find(lock, new RegExp(`^name = "${name}"\nversion = "(.+)"$`, 'm'))}`;
}

function find(path, pattern) {
  const found = pattern.exec(readFileSync(path, 'utf8'));
  if (!found) throw new Error(`${path} does not have ${pattern}`);
  return found[1];
}

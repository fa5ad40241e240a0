// The version of a peer in use: from its lock file, not from what the peer reports.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ownLock = fileURLToPath(new URL('../../../package-lock.json', import.meta.url));

/** @param {string} name of an npm package @param {string} [lock] a package-lock.json */
export function npmVersion(name, lock = ownLock) {
  const { packages } = JSON.parse(readFileSync(lock, 'utf8'));
  return `${name} ${packages[`node_modules/${name}`].version}`;
}

/** @param {string} requirements a file of pinned Python packages @param {string} [name] of one of them */
export function pythonVersion(requirements, name = 'mcp') {
  return `${name} ${find(requirements, new RegExp(`^${name}==(.+)$`, 'm'))}`;
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

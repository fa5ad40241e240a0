// The tokens of a gateway on this machine: made once, and stored beside its sessions, where only their user can read them.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Complaint } from './complaint.mjs';

/** A token that cannot be guessed. */
export function newToken() {
  return randomBytes(32).toString('base64url');
}

/**
 * @param {string} folder is created
 * @returns {Promise<{ user: string, admin: string, key: string }>} tokens of the user and the administrator, and the key that encrypts tokens of servers
 */
export async function secretsIn(folder) {
  const file = join(folder, 'tokens.json');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Nothing of this belongs into a repository.
    await writeFile(join(folder, '.gitignore'), '*\n');
  } catch (error) {
    throw new Complaint(
      `${folder}: cannot be written: ${/** @type {Error} */ (error).message}. Name another folder with --persist`,
    );
  }
  return (await stored(file)) ?? made(file);
}

/** @param {string} file */
async function stored(file) {
  try {
    const { user, admin, key } = JSON.parse(await readFile(file, 'utf8'));
    if ([user, admin, key].every((text) => typeof text === 'string' && text.length >= 32)) return { user, admin, key };
    throw new Error('a token is missing');
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT') return undefined;
    throw new Complaint(`${file}: cannot be used: ${message}. Remove it, and new tokens are made`);
  }
}

/** @param {string} file */
async function made(file) {
  const secrets = { user: newToken(), admin: newToken(), key: randomBytes(32).toString('base64') };
  // In one step, so that an interrupted start leaves no half of it.
  await writeFile(`${file}.new`, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secrets;
}

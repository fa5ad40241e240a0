// The built documents: where they are, a server that has them in some folder, and what a reader of their HTML finds.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const folder = join(root, 'target/site/docs');

/** Builds the documents as `make site` does. */
export async function buildDocuments() {
  const program = join(root, 'tools/build-documents.mjs');
  await promisify(execFile)(process.execPath, [program], { cwd: root, maxBuffer: 2 ** 26 });
}

/** Serves them in a folder, as a static host does. */
export async function serveDocuments(prefix) {
  const files = await listen(serveFolders([{ prefix, folder }], { headers: {} }));
  return { url: `${files.origin}${prefix}`, origin: files.origin, close: files.close };
}

/** Their pages by name: the text, the ids in it, and the addresses of links and other files. */
export async function readPages() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.html') && name !== '404.html');
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const html = await readFile(join(folder, name), 'utf8');
        const all = (pattern) => [...html.matchAll(pattern)].map(([, value]) => value.replaceAll('&amp;', '&'));
        return [name, { html, ids: new Set(all(/ id="([^"]*)"/g)), addresses: all(/ (?:href|src)="([^"]*)"/g) }];
      }),
    ),
  );
}

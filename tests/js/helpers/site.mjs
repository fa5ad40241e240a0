// The built documents: where they are, a server that has them in some folder, and what a reader of their HTML finds.

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
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

/** Serves folders compressed, as static hosts do. */
export async function serveCompressed(folders) {
  const plain = await listen(serveFolders(folders, { headers: {} }));
  const files = await listen(async (request, response) => {
    const answer = await fetch(`${plain.origin}${request.url}`);
    const body = gzipSync(await answer.arrayBuffer());
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    response.writeHead(answer.status, {
      'Content-Type': type,
      'Content-Encoding': 'gzip',
      'Content-Length': body.length,
      'Cache-Control': 'max-age=600',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  return { origin: files.origin, close: () => Promise.all([files.close(), plain.close()]) };
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

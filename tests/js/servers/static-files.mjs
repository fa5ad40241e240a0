// Serves the demo page's files with a strict content security policy, and nothing outside their folders.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.md': 'text/plain; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.ts': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * The policy of the demo page: its own files, wasm, and connections to any MCP server named by the visitor, over HTTPS
 * or on this machine. www/index.html has the same in a tag, for hosts that send no headers.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "frame-src 'self'",
  "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/**
 * Makes a request handler for some folders and single files.
 * @param {({ prefix: string, folder: string } | { prefix: string, file: string })[]} folders longest prefix first
 * @param {{ headers: Record<string, string> }} options headers of every answer
 * @returns {import('node:http').RequestListener}
 */
export function serveFolders(folders, { headers }) {
  return async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405, 'Method Not Allowed');
    const file = await findFile(request.url, folders);
    if (!file) return end(response, 404, 'Not Found');
    response.writeHead(200, {
      'Content-Type': types[extname(file.path)] ?? 'application/octet-stream',
      'Content-Length': file.size,
    });
    if (request.method === 'HEAD') return response.end();
    return createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response);
  };
}

async function findFile(url, folders) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  const entry = folders.find(({ prefix }) => path.startsWith(prefix));
  if (!entry || path.includes('\0')) return undefined;
  try {
    if (entry.file)
      return path === entry.prefix ? { path: entry.file, size: (await stat(entry.file)).size } : undefined;
    const root = await realpath(entry.folder);
    let found = await realpath(join(root, normalize(`/${path.slice(entry.prefix.length)}`)));
    if ((await stat(found)).isDirectory()) found = await realpath(join(found, 'index.html'));
    if (!found.startsWith(root + sep)) return undefined;
    const status = await stat(found);
    return status.isFile() ? { path: found, size: status.size } : undefined;
  } catch {
    return undefined;
  }
}

function end(response, status, text) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

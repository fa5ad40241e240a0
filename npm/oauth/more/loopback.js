// @ts-check
// Logins from a program of Node, Deno or Bun: the browser comes back to a port of this machine (RFC 8252 §7.3), or the user logs in elsewhere.

import { builtin } from './file.js';

/**
 * @param {object} [options]
 * @param {number} [options.port] Default: that of the registered client, else a free one
 * @param {(url: string) => unknown} [options.open] opens a browser. Default: the system's
 * @param {(text: string) => void} [options.print] Default: the standard error stream
 * @param {boolean} [options.headless] Default: whether this looks like a machine without a browser
 */
export function loopback({ port, open = openBrowser, print = console.error, headless = isHeadless() } = {}) {
  /** @type {any} */
  let listening;

  /** @param {URL} url @param {{ signal: AbortSignal, state: string }} about */
  async function authorize(url, { signal, state }) {
    const { server, callbacks } = listening;
    listening = undefined;
    // Before the browser is opened: a login that needs no click comes back at once.
    const back = new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      // Whatever else on this machine calls the port does not end the login.
      callbacks(
        (/** @type {URL} */ callback) => callback.searchParams.get('state') === state && resolve(callback.href),
      );
    });
    print(`To log in, open ${url.href}`);
    try {
      await Promise.race([back, Promise.resolve(open(url.href)).catch(() => {})]);
      return await back;
    } finally {
      server.close();
    }
  }

  return Object.assign(authorize, {
    /** @param {string} [previous] */
    async redirectUri(previous) {
      listening?.server.close();
      const wanted = port ?? Number(previous && new URL(previous).port);
      listening = await listen(wanted || 0).catch(() => listen(port ?? 0));
      return `http://127.0.0.1:${listening.server.address().port}/callback`;
    },
    /** Whether a code is better than a browser here. */
    device: () => headless,
    /** @param {{ url: string, completeUrl?: string, code: string }} prompt */
    show({ url, completeUrl, code }) {
      listening?.server.close();
      listening = undefined;
      print(`To log in, open ${completeUrl ?? url} on any device and enter the code ${code}`);
    },
  });
}

/** @param {number} port */
async function listen(port) {
  const { createServer } = await builtin('http');
  let hear = (/** @type {URL} */ _callback) => {};
  const server = createServer((/** @type {any} */ request, /** @type {any} */ response) => {
    const url = new URL(request.url, `http://127.0.0.1:${server.address().port}`);
    const isCallback = request.method === 'GET' && url.pathname === '/callback';
    response.writeHead(isCallback ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'",
      connection: 'close',
    });
    response.end(isCallback ? '<!doctype html><title>Done</title><p>You may close this window.' : '');
    if (isCallback) hear(url);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    server,
    callbacks(/** @type {typeof hear} */ handler) {
      hear = handler;
    },
  };
}

function isHeadless() {
  const { env, platform } = host();
  try {
    return platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY;
  } catch {
    // Deno without --allow-env.
    return false;
  }
}

/** @param {string} url */
async function openBrowser(url) {
  if (isHeadless()) return;
  const { spawn } = await builtin('child_process');
  const { platform } = host();
  // Never through a shell: the address is the server's.
  const commands = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] };
  const [program, ...words] = commands[/** @type {keyof typeof commands} */ (platform)] ?? ['xdg-open'];
  await new Promise((resolve, reject) => {
    const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true });
    child.once('error', reject).once('spawn', resolve).unref();
  });
}

/** Node's, which Deno and Bun have as well. @returns {{ env: Record<string, string | undefined>, platform?: string }} */
const host = () => /** @type {any} */ (globalThis).process ?? { env: {} };

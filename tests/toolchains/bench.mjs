// What the rows of the table work with: commands of a project, servers, and pages opened in Chromium.

import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify, stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { findFreePort, listen } from '../js/servers/shared/listen.mjs';
import { serveFolders } from '../js/servers/static-files.mjs';
import { workspace } from './project.mjs';

const run = promisify(execFile);
const modules = join(workspace, 'node_modules');
const limit = 240_000; // ms, for one build on a busy machine

export const programs = {
  node: process.execPath,
  node22: join(modules, 'node-22/bin/node'),
  node24: join(modules, 'node-24/bin/node'),
  deno: join(modules, '.bin/deno'),
  bun: join(modules, '.bin/bun'),
};

/** One row's tools. What it started is ended by `close()`. */
export class Bench {
  #closers = [];

  /** @param {{ folder: string, packageFolder: string, server: string, browser: import('playwright-core').Browser }} given */
  constructor(given) {
    Object.assign(this, given);
  }

  #environment(more) {
    // Current toolchains want a current Node, whichever runs the tests.
    const path = [join(this.folder, 'node_modules/.bin'), dirname(programs.node24), process.env.PATH].join(delimiter);
    // Nothing of the workspace's own run may leak into a toolchain's.
    const { NODE_OPTIONS, NODE_TEST_CONTEXT, NODE_ENV, CI, ...rest } = process.env;
    return {
      ...rest,
      PATH: path,
      NO_COLOR: '1',
      SERVER: this.server,
      ASTRO_TELEMETRY_DISABLED: '1',
      NEXT_TELEMETRY_DISABLED: '1',
      NG_CLI_ANALYTICS: 'false',
      NUXT_TELEMETRY_DISABLED: '1',
      WRANGLER_SEND_METRICS: 'false',
      ...more,
    };
  }

  /** Runs a command of the project to its end. @returns {Promise<string>} the last line that it printed */
  async command([program, ...words], { cwd = this.folder, env = {} } = {}) {
    try {
      const { stdout } = await run(program, words, {
        cwd,
        env: this.#environment(env),
        timeout: limit,
        maxBuffer: 1 << 26,
      });
      return stdout.trim().split('\n').at(-1);
    } catch (error) {
      throw new Error(`${program} ${words.join(' ')}\n${plain(`${error.stdout}\n${error.stderr}`)}`);
    }
  }

  /** Runs a command of Yarn in a folder of the project. */
  async yarn(words, folder) {
    return this.command(['yarn', ...words], { cwd: join(this.folder, folder), env: await this.yarnEnvironment() });
  }

  /** Yarn reads none of npm's settings, and keeps what it downloads where the project's other packages are. */
  async yarnEnvironment() {
    const registry = await this.command(['npm', 'config', 'get', 'registry']);
    return {
      YARN_ENABLE_TELEMETRY: '0',
      YARN_GLOBAL_FOLDER: join(this.folder, 'node_modules/.yarn'),
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: registry.startsWith('http:') ? new URL(registry).hostname : '',
    };
  }

  /** Starts a command that listens on the port which `words` makes an argument of. @returns {Promise<string>} its origin */
  async serve(words, { cwd = this.folder, env = {} } = {}) {
    const port = await findFreePort();
    const [program, ...rest] = words(String(port));
    const environment = this.#environment({ PORT: String(port), HOST: '127.0.0.1', ...env });
    const child = spawn(program, rest, { cwd, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-8_000);
      });
    }
    let ended = false;
    const gone = new Promise((resolve) => {
      for (const event of ['exit', 'error']) {
        child.once(event, () => {
          ended = true;
          resolve();
        });
      }
    });
    this.#closers.push(async () => {
      if (!ended) {
        // With whatever it has started.
        process.kill(-child.pid, 'SIGKILL');
        await gone;
      }
    });
    this.output = () => plain(output);
    const deadline = Date.now() + limit;
    while (!(await accepts(port))) {
      if (ended || Date.now() > deadline)
        throw new Error(`${program} ${rest.join(' ')} does not listen\n${plain(output)}`);
      await wait(50);
    }
    return `http://127.0.0.1:${port}`;
  }

  /** Serves the files of a folder under a path, and 404 for all others. @returns {Promise<string>} the origin */
  async files(folder, { headers = {}, prefix = '/' } = {}) {
    const served = await listen(
      serveFolders([{ prefix, folder: join(this.folder, folder) }], {
        headers: { 'Cache-Control': 'no-store', ...headers },
      }),
    );
    this.#closers.push(served.close);
    return served.origin;
  }

  /** Opens an address in Chromium. @returns {Promise<{ answer: string, module: 'file' | 'inline' }>} */
  async open(address, { context = this.browser } = {}) {
    const page = await context.newPage();
    this.#closers.push(() => page.close());
    const seen = [];
    let hasFile = false;
    page.on('pageerror', (error) => seen.push(error.message));
    page.on('console', (message) => seen.push(message.text()));
    page.context().on('response', async (response) => {
      const isModule = response.url().includes('.wasm') && response.ok();
      if (isModule && (await response.headerValue('content-type')) === 'application/wasm') hasFile = true;
    });
    const url = new URL(address);
    url.searchParams.set('server', this.server);
    await page.goto(url.href, { waitUntil: 'commit' });
    const root = page.locator('html[data-answer]');
    await root.waitFor({ state: 'attached', timeout: 60_000 }).catch(() => {
      throw new Error(`the page shows no answer: ${seen.join('\n')}\n${this.output?.() ?? ''}`);
    });
    return { answer: await root.getAttribute('data-answer'), module: hasFile ? 'file' : 'inline' };
  }

  /** Asks a server of the project for the answer. */
  async get(address) {
    const url = new URL(address);
    url.searchParams.set('server', this.server);
    const response = await fetch(url, { signal: AbortSignal.timeout(limit) });
    return response.text();
  }

  /** Runs a built file, or one of a built folder, where there is nothing else. */
  async runAlone(words, built, file = '') {
    const elsewhere = await mkdtemp(join(tmpdir(), 'mcp-tether-alone-'));
    this.#closers.push(() => rm(elsewhere, { recursive: true, force: true }));
    await cp(join(this.folder, built), join(elsewhere, basename(built)), { recursive: true });
    return this.command([...words, `./${join(basename(built), file)}`, this.server], { cwd: elsewhere });
  }

  /**
   * A separate browser with an extension.
   * @returns {Promise<{ context: import('playwright-core').BrowserContext, worker: import('playwright-core').Worker }>}
   */
  async extension(folder) {
    const path = join(this.folder, folder);
    const context = await chromium.launchPersistentContext('', {
      ...launchOptions,
      headless: false, // the old headless mode, which Playwright would ask for, has no extensions
      args: [
        ...launchOptions.args,
        '--headless=new',
        `--disable-extensions-except=${path}`,
        `--load-extension=${path}`,
      ],
      ignoreDefaultArgs: ['--disable-extensions'],
    });
    this.#closers.push(() => context.close());
    return { context, worker: context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker')) };
  }

  async close() {
    for (const close of this.#closers.reverse()) await close();
  }
}

function plain(text) {
  return stripVTControlCharacters(text).trim().slice(-4_000);
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });
}

// Starts the servers of apps.mjs: each from a file of its own in a project that has the packages of the workspace.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { request as forward } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { findFreePort, listen } from '../../servers/shared/listen.mjs';
import { makeProject, root } from '../snippets/project.mjs';
import { nginxConfiguration, workerServer } from './apps.mjs';

/** @typedef {{ url: string, port: number, stop(): unknown }} Running */

/** What starts servers; `remove` at the end. */
export async function makeStarter() {
  const project = await makeProject();
  let bundled;

  /** @param {(origin: string) => string} source @returns {Promise<Running>} */
  async function module(source) {
    const port = await findFreePort();
    const name = `${randomUUID()}.mjs`;
    await project.write(name, source(`http://127.0.0.1:${port}`));
    const { start } = await import(pathToFileURL(join(project.folder, name)).href);
    return { url: `http://127.0.0.1:${port}/mcp`, port, stop: await start(port) };
  }

  async function worker(source) {
    bundled ??= await bundle(project);
    const port = await findFreePort();
    const miniflare = new Miniflare({
      compatibilityDate: '2025-09-01',
      compatibilityFlags: ['nodejs_compat'],
      host: '127.0.0.1',
      port,
      modules: [
        { type: 'ESModule', path: 'worker.mjs', contents: source(`http://127.0.0.1:${port}`) },
        { type: 'ESModule', path: 'server.js', contents: bundled },
      ],
    });
    await miniflare.ready;
    return { url: `http://127.0.0.1:${port}/mcp`, port, stop: () => miniflare.dispose() };
  }

  async function python(source) {
    const port = await findFreePort();
    const file = join(project.folder, `${randomUUID()}.py`);
    await writeFile(file, source(`http://127.0.0.1:${port}`));
    return program(join(root, '.tools/python/fixes/bin/python'), [file, String(port)], port);
  }

  /** In front of a server on the port `upstream`. */
  async function nginx(upstream, slots) {
    const port = await findFreePort();
    const folder = join(project.folder, randomUUID());
    await mkdir(folder);
    const file = join(folder, 'nginx.conf');
    await writeFile(file, nginxConfiguration({ folder, port, upstream, ...slots }));
    return program(join(root, '.tools/nginx/usr/sbin/nginx'), ['-p', folder, '-c', file], port);
  }

  return { module, worker, python, nginx, remove: () => project.remove() };
}

/**
 * In front of a running server, as a proxy that passes a public name on: `fetch` sets the Host itself.
 * @param {Running} server @param {string} host @returns {Promise<Running>}
 */
export async function underName(server, host) {
  const proxy = await listen((request, response) => {
    const { method, url, headers } = request;
    const onward = forward({ port: server.port, method, path: url, headers: { ...headers, host } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers).flushHeaders();
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  return {
    url: `${proxy.origin}/mcp`,
    port: proxy.port,
    stop: () => Promise.all([proxy.close(), server.stop()]),
  };
}

async function bundle(project) {
  const { outputFiles } = await build({
    stdin: { contents: workerServer, resolveDir: project.folder, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker'],
    external: ['node:*'],
    preserveSymlinks: true,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/** Runs it until `stop`, and waits until it listens. */
async function program(command, words, port) {
  const child = spawn(command, words, { stdio: ['pipe', 'ignore', 'pipe'] });
  const errors = [];
  child.stderr.on('data', (data) => errors.push(data));
  const ended = new Promise((done) => child.once('close', done));
  const stop = () => {
    child.kill();
    return ended;
  };
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${Buffer.concat(errors)}`);
    await pause(50);
  }
  return { url: `http://127.0.0.1:${port}/mcp`, port, stop };
}

function listens(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}

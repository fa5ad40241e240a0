// `mcp-tether-gateway dev`: the gateway on workerd, in front of the servers of a file, until the process ends.
import { watchFile } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { snippetsFor } from '../landing/snippets.js';
import { startGateway } from '../local.mjs';
import { Complaint } from './complaint.mjs';
import { readConfig, variablesFor } from './config.mjs';
import { secretsIn } from './secrets.mjs';

const LOOK_EVERY = 300; // milliseconds between two looks at the file
const user = 'me';
// Below the ports that systems give to outgoing connections and to port 0, on Linux from 32768: nothing takes such a port while a changed
// file restarts workerd.
const PORTS = { first: 15_000, count: 17_000 };
const TRIES = 20; // ports that are in use

/** @typedef {Awaited<ReturnType<typeof readConfig>>} Config */
/** @typedef {Awaited<ReturnType<typeof secretsIn>>} Secrets */

/** @param {{ config: string, port: number, persist: string }} options */
export async function dev({ config: file, port: wanted, persist }) {
  const first = await readConfig(file);
  const folder = resolve(persist);
  const secrets = await secretsIn(folder);
  const local = await started(first, wanted, { folder, secrets });
  process.stdout.write(introduction({ local, config: first, secrets, file, folder }));
  watchFile(file, { interval: LOOK_EVERY }, () => local.follow(file));
  // The watch keeps the process alive; miniflare ends workerd with it on SIGINT and SIGTERM. A closed terminal sends another signal.
  process.on('SIGHUP', () => process.kill(process.pid, 'SIGTERM'));
}

// Between the search for a port and the start of workerd another program may take it.
/** @param {Config} config @param {number} wanted @param {{ folder: string, secrets: Secrets }} options */
async function started(config, wanted, options) {
  for (let tries = 1; ; tries += 1) {
    const local = new LocalGateway({ ...options, port: await freePort(wanted) });
    try {
      await local.start(config);
      return local;
    } catch (error) {
      if (!(error instanceof PortTaken) || wanted !== 0 || tries === TRIES) throw error;
    }
  }
}

class PortTaken extends Complaint {}

// One gateway at a time: a start waits for the one before.
class LocalGateway {
  #options;
  #running; // the Worker
  #config; // with which it runs
  #turn = Promise.resolve();

  /** @param {{ port: number, folder: string, secrets: Secrets }} options */
  constructor(options) {
    this.#options = options;
  }

  get origin() {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  /** Starts it. What is wrong with the configuration becomes a Complaint. @param {Config} config */
  async start(config) {
    const { port, folder } = this.#options;
    const setup = new SetupLog();
    this.#running = await startGateway({
      servers: config.servers,
      vars: this.#variables(config),
      state: join(folder, 'state'),
      port,
      log: (text) => setup.add(text),
    }).catch(async (error) => {
      await freePort(port); // says so if that is why
      throw error;
    });
    this.#config = config;
    // Its settings are read with the first request. This one has no line in the log, so that the first thing to read is the address.
    const { checks } = await (await fetch(`${this.origin}/readyz`)).json();
    if (checks.settings === 'ok') return setup.end();
    await this.#stop();
    throw new Complaint(await setup.problem());
  }

  async #stop() {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  /** Takes over a changed file. If it is wrong, the gateway goes on with what it had. @param {string} file */
  follow(file) {
    this.#turn = this.#turn.then(() => this.#restart(file)).catch(end);
  }

  /** @param {string} file */
  async #restart(file) {
    const before = this.#config;
    try {
      const config = await readConfig(file);
      if (config.text === before.text) return;
      await this.#stop();
      await this.start(config);
      process.stdout.write(`\n${file} has changed. The servers are now:\n\n${endpoints(this.origin, config)}\n`);
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      if (!this.#running) await this.start(before);
      process.stderr.write(`mcp-tether-gateway: ${error.message}\nThe servers are the same as before.\n`);
    }
  }

  /** @param {Config} config */
  #variables({ servers, text }) {
    const { secrets } = this.#options;
    const logsIn = Object.values(servers).some(({ auth }) => auth !== undefined);
    return {
      AUTH: 'bearer',
      BEARER_TOKENS: { [user]: secrets.user },
      ADMIN_TOKEN: secrets.admin,
      ...(logsIn && { PUBLIC_ORIGIN: this.origin, TOKEN_KEYS: secrets.key }),
      ...variablesFor(text, process.env),
    };
  }
}

/** The gateway cannot go on, such as without its port: @param {unknown} error */
function end(error) {
  if (!(error instanceof Complaint)) throw error;
  print(`mcp-tether-gateway: ${error.message}`);
  process.exit(error.exitCode);
}

// The Worker's log, held back until it is known whether it can run.
class SetupLog {
  #lines = [];
  #isOver = false;

  /** @param {string} text */
  add(text) {
    const line = withoutStacks(text);
    if (this.#isOver) print(line);
    else this.#lines.push(line);
  }

  end() {
    this.#isOver = true;
    for (const line of this.#lines) print(line);
  }

  /** What is wrong with the configuration. The log may come after the answer of the Worker. */
  async problem() {
    for (let looks = 0; looks < 100; looks += 1) {
      const found = this.#lines.join('\n').split('\n').map(problemIn).find(Boolean);
      if (found) return found;
      await wait(20);
    }
    return `the gateway does not start:\n${this.#lines.join('\n')}`;
  }
}

/** workerd's own errors, such as a name that does not resolve, come with addresses in its program. @param {string} text */
function withoutStacks(text) {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('stack: '))
    .join('\n');
}

/** @param {string} line */
function print(line) {
  if (line !== '') process.stderr.write(`${line}\n`);
}

/** @param {string} line of the log */
function problemIn(line) {
  try {
    const { event, problem } = JSON.parse(line);
    return event === 'setup' ? problem : undefined;
  } catch {
    return undefined; // not one of the gateway's own
  }
}

// A port that workerd can listen on. Not workerd itself chooses it: the public origin, which has it, is one of the settings that workerd starts with.
/** @param {number} port 0 takes a free one @returns {Promise<number>} */
async function freePort(port) {
  for (let tries = 1; ; tries += 1) {
    const candidate = port || PORTS.first + Math.floor(Math.random() * PORTS.count);
    const code = await problemOf(candidate);
    if (code === undefined) return candidate;
    if (port === 0 && tries < TRIES) continue;
    const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`;
    throw new PortTaken(`port ${candidate} ${why}: choose another one with --port, or --port 0 for any`);
  }
}

/** Why nothing can listen on a port: @param {number} port @returns {Promise<string | undefined>} */
function problemOf(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

/** @param {string} origin @param {Config} config */
function endpoints(origin, { servers }) {
  const names = Object.keys(servers);
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${origin}/${name}/mcp\n`).join('');
}

/** @param {{ local: LocalGateway, config: Config, secrets: Secrets, file: string, folder: string }} started */
function introduction({ local: { origin }, config, secrets, file, folder }) {
  const { AUTH, BEARER_TOKENS, ADMIN_TOKEN } = process.env;
  const [name] = Object.keys(config.servers);
  const isOpen = AUTH === 'none';
  const isOurs = (AUTH ?? 'bearer') === 'bearer' && BEARER_TOKENS === undefined;
  const snippets = snippetsFor({ origin, name, access: isOpen ? 'open' : 'token' });
  const wanted = { 'claude-code': '', inspector: ' (Node 22 or newer)' };
  const commands = Object.entries(wanted).map(([id, needs]) => {
    const { title, text = '' } = snippets.find((snippet) => snippet.id === id) ?? { title: id };
    return `${title}${needs}:\n${indented(isOurs ? text.replaceAll('$MCP_TOKEN', secrets.user) : text)}`;
  });
  return [
    `\nThe gateway runs at ${origin}. Its servers, from ${file}:\n`,
    endpoints(origin, config),
    ...(isOurs ? [`Your token, as a client's "Authorization: Bearer <token>":\n\n  ${secrets.user}\n`] : []),
    ...commands,
    `VS Code, Cursor, SDKs and live sessions: open ${origin}/ in a browser.`,
    ...(ADMIN_TOKEN === undefined ? [`The administrator's token for that page: ${secrets.admin}`] : []),
    `Sessions and tokens are stored in ${relative('', folder) || folder}. Changes of ${file} take effect at once. Press Ctrl+C to stop.\n`,
  ].join('\n');
}

/** @param {string} text */
function indented(text) {
  return `\n${text.replace(/^/gm, '  ')}\n`;
}

// `mcp-tether-gateway dev`: the gateway on workerd, in front of the servers of a file, until the process ends.
import { watchFile } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { snippetsFor } from '../landing/snippets.js';
import { startGateway } from '../local.mjs';
import { Complaint } from './complaint.mjs';
import { readConfig, variablesFor } from './config.mjs';
import { Front } from './front.mjs';
import { secretsIn } from './secrets.mjs';

const LOOK_EVERY = 300; // milliseconds between two looks at the file
const user = 'me';

/** @typedef {Awaited<ReturnType<typeof readConfig>>} Config */
/** @typedef {Awaited<ReturnType<typeof secretsIn>>} Secrets */

/** @param {{ config: string, port: number, persist: string }} options */
export async function dev({ config: file, port: wanted, persist }) {
  const first = await readConfig(file);
  const folder = resolve(persist);
  const secrets = await secretsIn(folder);
  const front = await listening(wanted);
  const local = new LocalGateway({ front, folder, secrets });
  await local.start(first).catch((error) => {
    front.close();
    throw error;
  });
  process.stdout.write(introduction({ local, config: first, secrets, file, folder }));
  watchFile(file, { interval: LOOK_EVERY }, () => local.follow(file));
  local.follow(file); // of a change before its first look the watch does not know
  // The watch keeps the process alive; miniflare ends workerd with it on SIGINT and SIGTERM. A closed terminal sends another signal.
  process.on('SIGHUP', () => process.kill(process.pid, 'SIGTERM'));
}

// The port stays open while a changed file restarts workerd: clients wait, and no other program takes it.
/** @param {number} port 0 takes a free one */
async function listening(port) {
  const front = new Front();
  await front.listen(port).catch((error) => {
    const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
    throw new Complaint(`port ${port} ${why}: choose another one with --port, or --port 0 for any`);
  });
  return front;
}

// One gateway at a time: a start waits for the one before.
class LocalGateway {
  #options;
  #running; // the Worker
  #config; // with which it runs
  #turn = Promise.resolve();

  /** @param {{ front: Front, folder: string, secrets: Secrets }} options */
  constructor(options) {
    this.#options = options;
  }

  get origin() {
    return `http://127.0.0.1:${this.#options.front.port}`;
  }

  /** Starts it. What is wrong with the configuration becomes a Complaint. @param {Config} config */
  async start(config) {
    const { front, folder } = this.#options;
    const setup = new SetupLog();
    const running = await startGateway({
      servers: config.servers,
      vars: this.#variables(config),
      state: join(folder, 'state'),
      log: (text) => setup.add(text),
    });
    front.lead(Number(new URL(running.origin).port));
    this.#running = running;
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
    this.#options.front.lead();
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

#!/usr/bin/env node
// The command `mcp-tether-gateway`: runs the gateway on this machine, writes a project that deploys it, or drains a server of a running one.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Complaint } from './complaint.mjs';
import { dev } from './dev.mjs';
import { drain } from './drain.mjs';
import { init } from './init.mjs';

const usage = `usage: mcp-tether-gateway dev [options]
       mcp-tether-gateway init [folder]
       mcp-tether-gateway drain [server [address]] --gateway <url> [--undo]

dev   runs the gateway on this machine, in front of the servers of a file in the
      format of mcpServers, and prints how to connect to it. A change of the file
      takes effect at once; sessions survive that and a restart.
  --config <file>    the servers (mcp.json)
  --port <number>    the port at 127.0.0.1; 0 takes a free one (8788)
  --persist <folder> where sessions and tokens are stored (.mcp-tether-gateway)
  The settings of the gateway, such as AUTH or RATE_PER_MINUTE, and the variables
  that the file names as \${NAME} are read from the environment. By default one
  user and the administrator get a token each.

init  writes a project for Cloudflare Workers into a folder (mcp-gateway).

drain takes a server, or one of its addresses as it is configured, of a running
      gateway out of use: open sessions go on, new ones go elsewhere or get 503.
      Without a server it prints what is drained. Reads ADMIN_TOKEN from the
      environment.
  --gateway <url>    the gateway, such as https://mcp.example.com
  --undo             gives it back

  --version          print the version
  --help             print this

dev runs until it is stopped, with Ctrl+C for example.

exit code: 0 if the project is written, 1 if something failed, 2 if the command is invalid
documentation: https://github.com/mcp-tether/mcp-tether/blob/main/docs/gateway.md
`;

const options = /** @type {const} */ ({
  config: { type: 'string' },
  port: { type: 'string' },
  persist: { type: 'string' },
  gateway: { type: 'string' },
  undo: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean' },
});

/** @type {Record<string, number>} */
const most = { dev: 0, init: 1, drain: 2 }; // arguments of each command
/** @type {Record<string, string[]>} */
const taken = { dev: ['config', 'port', 'persist'], init: [], drain: ['gateway', 'undo'] }; // options

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} words */
async function main(words) {
  try {
    const { values, positionals } = read(words);
    if (values.help) return print(usage);
    if (values.version) return print(`${await version()}\n`);
    const [command, ...rest] = positionals;
    await run(command, rest, values);
    return 0;
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    process.stderr.write(`mcp-tether-gateway: ${error.message}\n${error.exitCode === 2 ? `\n${usage}` : ''}`);
    return error.exitCode;
  }
}

/** @param {string[]} args */
function read(args) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Complaint(/** @type {Error} */ (error).message, 2);
  }
}

/** @param {{ config?: string, port?: string, persist?: string }} values */
function devOptions({ config = 'mcp.json', port = '8788', persist = '.mcp-tether-gateway' }) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Complaint(`--port: must be a number from 0 to 65535, not "${port}"`, 2);
  return { config, port: Number(port), persist };
}

/** @param {string[]} words @param {{ gateway?: string, undo?: boolean }} values */
function drainOptions([server, address], { gateway, undo = false }) {
  if (gateway === undefined) throw new Complaint('drain needs --gateway <url>', 2);
  if (undo && server === undefined) throw new Complaint('--undo: say which server is to be used again', 2);
  return { gateway, server, address, undo, token: process.env.ADMIN_TOKEN };
}

/** @param {string | undefined} command @param {string[]} rest @param {Record<string, any>} values */
async function run(command, rest, values) {
  const expected = command === undefined ? 0 : (most[command] ?? 0);
  switch (command) {
    case 'dev':
    case 'init':
    case 'drain':
      if (rest.length > expected) throw new Complaint(`unexpected argument of ${command}: ${rest[expected]}`, 2);
      break;
    default:
      throw new Complaint(
        command === undefined ? 'say what to do: dev, init or drain' : `unknown command: ${command}`,
        2,
      );
  }
  const wrong = Object.keys(values).find((name) => !taken[command].includes(name));
  if (wrong !== undefined) throw new Complaint(`${command} takes no --${wrong}`, 2);
  if (command === 'dev') return dev(devOptions(values));
  if (command === 'drain') return drain(drainOptions(rest, values));
  return init({ folder: rest[0] ?? 'mcp-gateway', version: await version() });
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text);
  return 0;
}

/** @returns {Promise<string>} of the package that this file is in */
async function version() {
  return JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8')).version;
}

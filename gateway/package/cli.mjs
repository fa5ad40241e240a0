#!/usr/bin/env node
// The command `mcp-tether-gateway`: runs the gateway on this machine, or writes a project that deploys it.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Complaint } from './complaint.mjs';
import { dev } from './dev.mjs';
import { init } from './init.mjs';

const usage = `usage: mcp-tether-gateway dev [options]
       mcp-tether-gateway init [folder]

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
  version: { type: 'boolean' },
  help: { type: 'boolean' },
});

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

/** @param {string | undefined} command @param {string[]} rest @param {Record<string, any>} values */
async function run(command, rest, values) {
  const expected = command === 'init' ? 1 : 0;
  switch (command) {
    case 'dev':
    case 'init':
      if (rest.length > expected) throw new Complaint(`unexpected argument of ${command}: ${rest[expected]}`, 2);
      break;
    default:
      throw new Complaint(command === undefined ? 'say what to do: dev or init' : `unknown command: ${command}`, 2);
  }
  if (command === 'dev') return dev(devOptions(values));
  const [given] = Object.keys(values);
  if (given !== undefined) throw new Complaint(`init takes no --${given}`, 2);
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

#!/usr/bin/env node
// The command `mcp-tether doctor <url>`: tests a server and prints findings with fixes.
// @ts-check

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { diagnose, outcomeOf, shownUrl, verdictOf } from './diagnose.js';

/** @import { Target } from './diagnosis/types.js' */
/** @import { Diagnosis, DiagnosisOptions } from './index.js' */

const usage = `usage: mcp-tether doctor <url> [options]

Tests an MCP server: is it reachable, does the handshake succeed, does it keep
a session, can the session be reused and ended, can pages use it (CORS), and can
users log in, if it asks for that (OAuth)? Creates one session and ends it; it
registers no client and starts no login.

options:
  --header 'Name: value'   sent with every request, for example Authorization;
                           repeatable; never printed
  --origin <origin>        check CORS for pages of this origin: https://app.example
  --timeout <ms>           timeout of each request in milliseconds (5000)
  --json                   print the diagnosis as JSON
  --version                print the version of mcp-tether
  --help                   print this

exit code: 0 if the server can be used, even with advice (!), 1 if a check failed,
           2 if the command is invalid
colours: only in a terminal, and not if NO_COLOR is set
`;

/** @typedef {{ target: Target, json: boolean, options: DiagnosisOptions }} Command */

const options = /** @type {const} */ ({
  header: { type: 'string', multiple: true, default: [] },
  origin: { type: 'string' },
  timeout: { type: 'string', default: '5000' },
  json: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

/** Codes of Select Graphic Rendition (ECMA-48). */
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };
/** @type {Record<ReturnType<typeof outcomeOf>, [mark: string, style: keyof typeof codes]>} */
const marks = { passed: ['✓', 'green'], advice: ['!', 'yellow'], failed: ['✗', 'red'], skipped: ['–', 'dim'] };
const fixes = 'https://github.com/mcp-tether/mcp-tether/blob/main/docs/fixes.md';

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} words */
async function main(words) {
  /** @type {Command | 'help' | 'version'} */
  let command;
  try {
    command = read(words);
  } catch (error) {
    process.stderr.write(`mcp-tether: ${wordsOf(error)}\n\n${usage}`);
    return 2;
  }
  if (command === 'help' || command === 'version') {
    process.stdout.write(command === 'help' ? usage : `${await version()}\n`);
    return 0;
  }
  const diagnosis = await diagnose(() => command.target, command.options);
  process.stdout.write(
    command.json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : rendered(diagnosis, command.target.url),
  );
  return verdictOf(diagnosis).state === 'broken' ? 1 : 0;
}

/** @returns {Promise<string>} of the package that this file is in */
async function version() {
  return JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8')).version;
}

/** @param {string[]} words @returns {Command | 'help' | 'version'} */
function read(words) {
  const { values, positionals } = parsed(words);
  if (values.help) return 'help';
  if (values.version) return 'version';
  // A URL alone means the only command.
  const [name, url, ...more] = /^https?:/i.test(positionals[0] ?? '') ? ['doctor', ...positionals] : positionals;
  if (name !== 'doctor')
    throw new Error(
      name === undefined ? 'a command is missing: use doctor' : 'unknown command: the only command is doctor',
    );
  if (url === undefined) throw new Error('the URL of the MCP endpoint is missing');
  if (more.length > 0) throw new Error('too many arguments: pass one URL');
  const timeout = Number(values.timeout);
  if (!(timeout > 0 && timeout < 2 ** 31)) throw new Error('--timeout must be a number of milliseconds greater than 0');
  const target = {
    url: checkedUrl(url),
    headers: Object.fromEntries(values.header.map(headerOf)),
    protocolVersion: 'auto',
  };
  const origin = values.origin && originOf(values.origin);
  return { target, json: values.json, options: { timeout, ...(origin && { origin }) } };
}

/** @param {string[]} words */
function parsed(words) {
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    // Not its message: it quotes the argument, which may be a part of a header.
    const known = /^Unknown option '(--?[\w-]+)/.exec(wordsOf(error));
    throw new Error(known ? `unknown option ${known[1]}` : 'an option has no value or an invalid one');
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {string} text */
function checkedUrl(text) {
  if (!URL.canParse(text)) throw new Error('invalid URL: write it in full, with https://');
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new Error('the URL must begin with http:// or https://');
  if (url.username || url.password) throw new Error('the URL must not contain credentials: pass them with --header');
  url.hash = '';
  return url.href;
}

/** @param {string} line @param {number} index @returns {[name: string, value: string]} */
function headerOf(line, index) {
  const [, name, value] = /^([!#$%&'*+.^`|~\w-]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw new Error(`--header number ${index + 1} must have the form 'Name: value'`);
  if (/^(accept|content-type|content-length|host|origin|mcp-.*|last-event-id)$/i.test(name))
    throw new Error(`the header ${name} is set by the doctor itself`);
  return [name.toLowerCase(), value];
}

/** @param {string} text */
function originOf(text) {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error('--origin must be an origin like https://app.example');
  return new URL(text).origin;
}

/** @param {Diagnosis} diagnosis @param {string} url */
function rendered(diagnosis, url) {
  const { kind, protocolVersion, steps } = diagnosis;
  const lines = [`${paint('bold', shownUrl(url))}`, ''];
  for (const step of steps) {
    const [mark, style] = marks[outcomeOf(step)];
    lines.push(
      `${paint(style, mark)} ${paint('bold', step.name.padEnd(13))} ${paint('dim', `${step.ms} ms`.padStart(8))}  ${step.detail}`,
    );
    if (step.fix) lines.push(`${' '.repeat(26)}${paint('yellow', '→')} ${step.fix}`);
  }
  const what = [kind, protocolVersion].filter(Boolean).join(', ');
  const { state, words, first, topic } = verdictOf(diagnosis);
  lines.push('', paint(state === 'broken' ? 'red' : 'green', `${words}${what && ` (${what})`}`));
  if (first) lines.push(`${paint('bold', 'Fix this first:')} ${first}`);
  if (topic) lines.push(`Code for Express, Starlette, Hono, nginx and Workers: ${fixes}#${topic}`);
  return [...lines, ''].join('\n');
}

/** @param {keyof typeof codes} style @param {string} text */
function paint(style, text) {
  const wanted = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return wanted ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
}

// The file with the servers, and what the Worker gets from the environment.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Complaint } from './complaint.mjs';

const MAX_BYTES = 1024 * 1024;

const example = `{
  "mcpServers": {
    "docs": { "url": "https://docs.mcp.cloudflare.com/mcp" }
  }
}`;

/** The variables and secrets of the gateway that can be set in the environment: ../README.md. */
const settings = [
  'AUTH',
  'BEARER_TOKENS',
  'JWT_JWKS_URL',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'ACCESS_TEAM_DOMAIN',
  'ACCESS_AUDIENCE',
  'AUTHORIZATION_SERVERS',
  'PUBLIC_ORIGIN',
  'TOKEN_KEYS',
  'PRIVATE_HOSTS',
  'CREDENTIALS_MAX_IDLE',
  'ALLOWED_ORIGINS',
  'ADMIN_TOKEN',
  'LOG',
  'SESSION_MAX_AGE',
  'REST_AFTER',
  'MAX_SESSIONS_PER_USER',
  'BREAKER_COOLDOWN',
  'RATE_PER_MINUTE',
  'MAX_BODY_BYTES',
  'MAX_HEADER_BYTES',
  'EVENT_LOG_EVENTS',
  'EVENT_LOG_BYTES',
  'SLOW_READER_BYTES',
];

/**
 * The servers of a file. Their URLs and headers are checked by the gateway itself.
 * @param {string} file
 * @returns {Promise<{ servers: Record<string, Record<string, unknown>>, text: string }>}
 */
export async function readConfig(file) {
  const text = await readText(file);
  /** @type {any} */
  let config;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new Complaint(`${file}: is not JSON: ${/** @type {Error} */ (error).message}`);
  }
  const servers = config?.mcpServers;
  if (!isObject(servers)) throw new Complaint(`${file}: ${isObject(config?.servers) ? misnamed : absent}`);
  for (const [name, server] of Object.entries(servers)) check(`${file}: mcpServers.${name}`, server);
  if (Object.keys(servers).length === 0)
    throw new Complaint(`${file}: mcpServers is empty. For example:\n\n${example}`);
  return { servers, text };
}

const absent = `has no object "mcpServers". For example:\n\n${example}`;
const misnamed = 'has "servers", as the file of VS Code does: rename it to "mcpServers"';

/** @param {string} file */
async function readText(file) {
  /** @type {string} */
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Complaint(
      code === 'ENOENT'
        ? `${file}: there is no such file. Write it, or name another one with --config. For example:\n\n${example}`
        : `${file}: cannot be read: ${message}`,
    );
  }
  if (text.length > MAX_BYTES) throw new Complaint(`${file}: is larger than ${MAX_BYTES} bytes`);
  return text;
}

/** @param {string} path @param {unknown} server */
function check(path, server) {
  if (!isObject(server)) throw new Complaint(`${path}: must be an object with a "url"`);
  if ('command' in server)
    throw new Complaint(
      `${path}: is a program to start ("command"). The gateway reaches servers over HTTP: give the "url" at which this one is served, or remove it`,
    );
}

/**
 * The variables of the environment that the Worker may see: its settings, and those that the file names.
 * @param {string} text of the file
 * @param {Record<string, string | undefined>} environment
 */
export function variablesFor(text, environment) {
  const named = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
  const found = [...settings, ...named].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found);
}

/** @param {string} folder as a name of a package and of a Worker */
export function nameOf(folder) {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 54);
  return name || 'mcp-gateway';
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

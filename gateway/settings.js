// Settings of the Worker: variables, secrets and the configuration of its servers, read once per isolate.
// @ts-check

import 'mcp-tether'; // loads the module
import { Gateway } from 'gateway-module';
import { readMethods } from './auth.js';
import { sha256 } from './digest.js';
import { readOAuth } from './oauth/settings.js';
import { originOf } from './origin.js';
import { knowledgeOf, packageConfig, readTopology } from './topology/settings.js';

/** @import { Env, LimitName, Limits, LogMode, Settings } from './types.js' */

const MEBIBYTE = 1024 * 1024;
const DEFAULT_LOG = 'requests';
const LARGEST_BODY = 15 * MEBIBYTE; // an RPC call is limited to 32 MiB, with up to two bytes per character

// Numeric settings with their defaults.
/** @type {Limits} */
const numbers = {
  MAX_BODY_BYTES: 4 * MEBIBYTE, // like the official server
  MAX_HEADER_BYTES: 16 * 1024,
  MAX_SESSIONS_PER_USER: 100,
  RATE_PER_MINUTE: 1_200, // requests of one user in one isolate; 0: no limit
  EVENT_LOG_EVENTS: 1_000, // events stored per session for resuming clients
  EVENT_LOG_BYTES: MEBIBYTE,
  SLOW_READER_BYTES: 8 * MEBIBYTE, // buffered for a client before its stream is closed
  REST_AFTER: 20_000, // milliseconds without a call or a stream until an object closes its connection to the server, so that it can be evicted
  BREAKER_COOLDOWN: 30_000, // initial milliseconds during which a user cannot open sessions with an unreachable server
  CREDENTIALS_MAX_IDLE: 90 * 24 * 3_600_000, // milliseconds without a use after which a user's OAuth credentials are revoked and deleted; 0: never
  SESSION_MAX_AGE: 24 * 3_600_000, // milliseconds; overridden by a server's sessionConfig.maxAge
};

/** @type {Settings | undefined} */
let known;

/**
 * The settings, which are constant in an isolate. Throws if they are invalid.
 * @param {Env} env
 */
export function settingsOf(env) {
  known ??= read(env);
  return known;
}

/** @param {Env} env @returns {Settings} */
function read(env) {
  const limits = { ...numbers };
  const variables = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (env));
  for (const name of /** @type {LimitName[]} */ (Object.keys(numbers))) {
    const value = [undefined, ''].includes(/** @type {string | undefined} */ (variables[name]))
      ? numbers[name]
      : Number(variables[name]);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name}: must be a whole number`);
    limits[name] = value;
  }
  if (limits.MAX_BODY_BYTES > LARGEST_BODY) throw new Error(`MAX_BODY_BYTES: must be at most ${LARGEST_BODY}`);
  const config = parsed(env, 'MCP_SERVERS');
  if (config === undefined) throw new Error('MCP_SERVERS: is not set');
  const known = packageConfig(config);
  const gateway = new Gateway(known, env, list(env.ALLOWED_ORIGINS), limits.RATE_PER_MINUTE);
  const topology = readTopology(config, (url, path) => filledUrl(url, path, env));
  const lifetimes = new Map(
    Object.keys(config.mcpServers).map((server) => {
      const [timeout, maxAge = limits.SESSION_MAX_AGE] = gateway.lifetime(server) ?? [0];
      return [server, { timeout, maxAge }];
    }),
  );
  return {
    gateway,
    limits,
    servers: known.mcpServers,
    ...knowledgeOf(gateway, limits.BREAKER_COOLDOWN, topology),
    auth: readMethods(env, parsed),
    oauth: readOAuth(env, config.mcpServers, list, limits.CREDENTIALS_MAX_IDLE),
    authorizationServers: list(env.AUTHORIZATION_SERVERS),
    adminToken: env.ADMIN_TOKEN,
    log: logMode(env.LOG),
    publicOrigin: originOf(env.PUBLIC_ORIGIN),
    /** The user's values for the configuration. They may be secret: sessions do not store them. */
    configuredVars(key) {
      const [method, ...id] = key.split(':');
      if (method !== 'bearer') return undefined;
      const entry = parsed(env, 'BEARER_TOKENS')?.[id.join(':')];
      return typeof entry === 'object' ? entry.vars : undefined;
    },
    /** The server's URL and its headers before secrets are filled in: identifies the server of a session. */
    fingerprint(server) {
      const { url = undefined, headers = undefined, auth } = config.mcpServers[server] ?? {};
      return sha256(JSON.stringify(auth ? [url, headers, auth] : [url, headers]));
    },
    /** The lifetime of a server's sessions in milliseconds; undefined if the server is not configured. */
    lifetime: (server) => lifetimes.get(server),
  };
}

/** @param {string | undefined} value @returns {LogMode} */
function logMode(value) {
  const mode = value || DEFAULT_LOG;
  if (mode !== 'requests' && mode !== 'errors' && mode !== 'off')
    throw new Error('LOG: must be requests, errors or off');
  return mode;
}

// A JSON variable: an object, as bindings can be, or text.
/**
 * @template {'MCP_SERVERS' | 'BEARER_TOKENS'} Name
 * @param {Env} env
 * @param {Name} name
 * @returns {Exclude<Env[Name], string>}
 */
function parsed(env, name) {
  const value = env[name];
  if (typeof value !== 'string') return /** @type {Exclude<Env[Name], string>} */ (value);
  try {
    return JSON.parse(value);
  } catch {
    throw new Error(`${name}: must be JSON`); // without the value, which may be secret
  }
}

// A further URL of a server, checked and filled in like the first one.
/** @param {unknown} url @param {string} path @param {Env} env */
function filledUrl(url, path, env) {
  const name = 'address';
  try {
    const one = new Gateway({ mcpServers: { [name]: { url: /** @type {string} */ (url) } } }, env, [], 0);
    return String(one.upstream(name, '', {})[0]);
  } catch (error) {
    throw new Error(/** @type {Error} */ (error).message.replace(`mcpServers.${name}.url`, path));
  }
}

/** @param {string | string[] | undefined} value */
function list(value) {
  if (Array.isArray(value)) return value;
  return (value ?? '').split(/[\s,]+/).filter(Boolean);
}

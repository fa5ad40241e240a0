// What the Worker was given: variables, secrets and the configuration of its servers, read once an isolate.
// @ts-check

import 'mcp-tether'; // loads the module
import { Gateway } from 'gateway-module';
import { readMethods } from './auth.js';

/** @import { Env, LimitName, Limits, Settings } from './types.js' */

const MEBIBYTE = 1024 * 1024;
const LARGEST_BODY = 15 * MEBIBYTE; // a call from entry to object carries 32 MiB, and a text may take two bytes a character there

// The settings that are numbers, and what they are by default.
/** @type {Limits} */
const numbers = {
  MAX_BODY_BYTES: 4 * MEBIBYTE, // the official server takes as much
  MAX_HEADER_BYTES: 16 * 1024,
  MAX_SESSIONS_PER_USER: 100,
  RATE_PER_MINUTE: 1_200, // of one user, in one isolate; 0: no limit
  EVENT_LOG_EVENTS: 1_000, // what a session keeps for clients that come back
  EVENT_LOG_BYTES: MEBIBYTE,
  SLOW_READER_BYTES: 8 * MEBIBYTE, // what waits for a client before its stream is cut
  REST_AFTER: 20_000, // milliseconds without a call or a stream, after which an object lets go of its server, so that it can be evicted
  BREAKER_COOLDOWN: 30_000, // milliseconds for which a user opens no session with a server that is out of reach, at first
  SESSION_MAX_AGE: 24 * 3_600_000, // milliseconds; a server's sessionConfig.maxAge beats it
};

/** @type {Settings | undefined} */
let known;

/**
 * The settings; throws with everything that is wrong with them. They cannot change while an isolate lives.
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
  if (config === undefined) throw new Error('MCP_SERVERS: is missing');
  const gateway = new Gateway(config, env, list(env.ALLOWED_ORIGINS), limits.RATE_PER_MINUTE);
  const lifetimes = new Map(
    Object.keys(config.mcpServers).map((server) => {
      const [timeout, maxAge = limits.SESSION_MAX_AGE] = gateway.lifetime(server) ?? [0];
      return [server, { timeout, maxAge }];
    }),
  );
  return {
    gateway,
    limits,
    servers: config.mcpServers,
    auth: readMethods(env, parsed),
    authorizationServers: list(env.AUTHORIZATION_SERVERS),
    adminToken: env.ADMIN_TOKEN,
    /** The names and values that the configuration has for a user, which may be secret: no session stores them. */
    configuredVars(key) {
      const [method, ...id] = key.split(':');
      if (method !== 'bearer') return undefined;
      const entry = parsed(env, 'BEARER_TOKENS')?.[id.join(':')];
      return typeof entry === 'object' ? entry.vars : undefined;
    },
    /** How long the sessions of a server live, in milliseconds; undefined for a server that is not configured. */
    lifetime: (server) => lifetimes.get(server),
  };
}

// A variable that is JSON: as an object, which a binding can be, or as text.
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
    throw new Error(`${name}: is no JSON`); // not what it holds: it may be a secret
  }
}

/** @param {string | string[] | undefined} value */
function list(value) {
  if (Array.isArray(value)) return value;
  return (value ?? '').split(/[\s,]+/).filter(Boolean);
}

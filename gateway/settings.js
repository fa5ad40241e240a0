// Settings of the Worker: variables, secrets and the configuration of its servers, read once per isolate.
// @ts-check

import 'mcp-tether'; // loads the module
import { Gateway } from 'gateway-module';
import { readMethods } from './auth.js';
import { sha256 } from './digest.js';
import { readOAuth } from './oauth/settings.js';
import { originOf } from './origin.js';
import { knowledgeOf, packageConfig, readTopology } from './topology/settings.js';
import { adminTokenOf, isObject, numberOf, objectOf, originsOf, textOf, urlsOf, usersOf } from './variables.js';

/** @import { Env, LimitName, Limits, LogMode, Settings, Users } from './types.js' */
/** @import { Range } from './variables.js' */

const MEBIBYTE = 1024 * 1024;
const DEFAULT_LOG = 'requests';
const LARGEST_BODY = 15 * MEBIBYTE; // an RPC call is limited to 32 MiB, with up to two bytes per character
const CENTURY = 100 * 365 * 24 * 3_600_000; // milliseconds; a longer life would end at no time that an alarm can have

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

// Of the others, 0 turns off what they limit, or what waits for them.
/** @type {Partial<Record<LimitName, Range>>} */
const ranges = {
  MAX_BODY_BYTES: { least: 1, most: LARGEST_BODY },
  MAX_HEADER_BYTES: { least: 1 },
  MAX_SESSIONS_PER_USER: { least: 1 },
  RATE_PER_MINUTE: { most: 1_000_000_000 },
  SLOW_READER_BYTES: { least: 1 },
  SESSION_MAX_AGE: { least: 1 },
};

/** @type {Settings | undefined} */
let known;

/**
 * The settings, which are constant in an isolate. Throws if they are invalid.
 * @param {Env} env
 */
export function settingsOf(env) {
  known ??= readSettings(env);
  return known;
}

/** What they are now. @param {Env} env @returns {Settings} */
export function readSettings(env) {
  const limits = { ...numbers };
  const variables = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (env));
  for (const name of /** @type {LimitName[]} */ (Object.keys(numbers)))
    limits[name] = numberOf(variables, name, numbers[name], ranges[name]);
  const config = objectOf(env, 'MCP_SERVERS');
  if (config === undefined) throw new Error('MCP_SERVERS: is not set');
  if (!isObject(config.mcpServers))
    throw new Error('mcpServers: must be an object in MCP_SERVERS, with the servers by their names');
  const known = packageConfig(config);
  const gateway = new Gateway(known, env, originsOf(env), limits.RATE_PER_MINUTE);
  const topology = readTopology(config, (url, path) => filledUrl(url, path, env));
  const lifetimes = new Map(
    Object.keys(config.mcpServers).map((server) => {
      const [timeout, maxAge = limits.SESSION_MAX_AGE] = gateway.lifetime(server) ?? [0];
      return [server, { timeout: Math.min(timeout, CENTURY), maxAge: Math.min(maxAge, CENTURY) }];
    }),
  );
  /** @type {Users | undefined} */
  let users; // read when an object needs them
  return {
    gateway,
    limits,
    servers: known.mcpServers,
    ...knowledgeOf(gateway, limits.BREAKER_COOLDOWN, topology),
    auth: readMethods(env),
    oauth: readOAuth(env, config.mcpServers, limits.CREDENTIALS_MAX_IDLE),
    authorizationServers: urlsOf(env, 'AUTHORIZATION_SERVERS'),
    adminToken: adminTokenOf(env),
    log: logMode(textOf(env, 'LOG')),
    publicOrigin: originOf(textOf(env, 'PUBLIC_ORIGIN')),
    /** The user's values for the configuration. They may be secret: sessions do not store them. */
    configuredVars(key) {
      const [method, ...id] = key.split(':');
      if (method !== 'bearer') return undefined;
      users ??= usersOf(env);
      const name = id.join(':');
      const entry = users && Object.hasOwn(users, name) ? users[name] : undefined;
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

/** @param {string | undefined} [mode] @returns {LogMode} */
function logMode(mode = DEFAULT_LOG) {
  if (mode !== 'requests' && mode !== 'errors' && mode !== 'off')
    throw new Error('LOG: must be requests, errors or off');
  return mode;
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

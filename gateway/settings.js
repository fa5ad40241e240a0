// What the Worker was given: variables, secrets and the configuration of its servers, read once an isolate.
import 'mcp-tether'; // loads the module
import { Gateway } from 'gateway-module';
import { readMethods } from './auth.js';

const MEBIBYTE = 1024 * 1024;
const LARGEST_BODY = 15 * MEBIBYTE; // a call from entry to object carries 32 MiB, and a text may take two bytes a character there

// The settings that are numbers, and what they are by default.
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

let known;

/** The settings; throws with everything that is wrong with them. They cannot change while an isolate lives. */
export function settingsOf(env) {
  known ??= read(env);
  return known;
}

function read(env) {
  const limits = {};
  for (const [name, usual] of Object.entries(numbers)) {
    const value = env[name] === undefined || env[name] === '' ? usual : Number(env[name]);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name}: must be a whole number`);
    limits[name] = value;
  }
  if (limits.MAX_BODY_BYTES > LARGEST_BODY) throw new Error(`MAX_BODY_BYTES: must be at most ${LARGEST_BODY}`);
  const config = parsed(env, 'MCP_SERVERS');
  if (config === undefined) throw new Error('MCP_SERVERS: is missing');
  const gateway = new Gateway(config, env, list(env.ALLOWED_ORIGINS), limits.RATE_PER_MINUTE);
  const lifetimes = new Map(
    Object.keys(config.mcpServers).map((server) => {
      const [timeout, maxAge = limits.SESSION_MAX_AGE] = gateway.lifetime(server);
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
      return method === 'bearer' ? parsed(env, 'BEARER_TOKENS')?.[id.join(':')]?.vars : undefined;
    },
    /** How long the sessions of a server live, in milliseconds; undefined for a server that is not configured. */
    lifetime: (server) => lifetimes.get(server),
  };
}

// A variable that is JSON: as an object, which a binding can be, or as text.
function parsed(env, name) {
  const value = env[name];
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new Error(`${name}: is no JSON`); // not what it holds: it may be a secret
  }
}

function list(value) {
  if (Array.isArray(value)) return value;
  return (value ?? '').split(/[\s,]+/).filter(Boolean);
}

// Liveness and readiness: /healthz says whether the gateway runs, /readyz whether it can serve requests, and what is missing. Neither shows a value.
// @ts-check

import { json } from '../answers.js';
import { registry } from '../counters.js';
import { log, wordsOf } from '../log.js';
import { within } from '../patience.js';

/** @import { Answer, Env, Settings } from '../types.js' */

const FRESH = 5_000; // milliseconds; strangers may ask as often as they like
const PATIENCE = 2_000;
const OK = 'ok';

/** @typedef {Record<string, string>} Checks `ok`, or what is missing */

/** @type {{ checks: Checks, until: number } | undefined} */
let known;

/** The settings cannot be read: the response to a probe, undefined for other requests. @param {Request} request @param {unknown} problem */
export function unconfigured(request, problem) {
  const pathname = URL.parse(request.url)?.pathname;
  const headers = { 'cache-control': 'no-store' };
  if (pathname === '/healthz') return Response.json({ ok: true, ready: false }, { headers });
  if (pathname !== '/readyz') return undefined;
  return Response.json({ ready: false, checks: { settings: nameIn(problem) } }, { status: 503, headers });
}

/** @param {Env} env @param {Settings} settings @returns {Promise<Answer>} */
export async function liveness(env, settings) {
  return json({ ok: true, ready: isReady(await checked(env, settings)) });
}

/** @param {Env} env @param {Settings} settings @returns {Promise<Answer>} */
export async function readiness(env, settings) {
  const checks = await checked(env, settings);
  const ready = isReady(checks);
  return json({ ready, checks }, { status: ready ? 200 : 503 });
}

/** @param {Checks} checks */
function isReady(checks) {
  return Object.values(checks).every((check) => check === OK);
}

/** @param {Env} env @param {Settings} settings @returns {Promise<Checks>} */
async function checked(env, settings) {
  if (known && Date.now() < known.until) return known.checks;
  const bindings = missing(env, settings);
  const checks = {
    settings: OK,
    bindings: bindings.length === 0 ? OK : `missing: ${bindings.join(', ')}`,
    storage: await storageOf(env),
    ...(settings.oauth && { keys: await keysOf(settings.oauth.vault) }),
  };
  if (!isReady(checks)) log('error', 'notReady', { checks });
  known = { checks, until: Date.now() + FRESH };
  return checks;
}

/** @param {Env} env @param {Settings} settings */
function missing(env, { oauth }) {
  const names = /** @type {const} */ ([
    'SESSIONS',
    'INDEX',
    'REGISTRY',
    ...(oauth ? /** @type {const} */ (['CREDENTIALS']) : []),
  ]);
  return names.filter((name) => env[name] === undefined);
}

/** @param {Env} env */
async function storageOf(env) {
  try {
    let isUsable = false;
    const asked = registry(env).isUsable();
    await within(
      asked.then(() => {
        isUsable = true;
      }),
      PATIENCE,
    );
    return isUsable ? OK : 'a Durable Object does not answer in time';
  } catch (error) {
    log('error', 'storage', { problem: wordsOf(error) });
    return 'a Durable Object cannot be reached: see the log of the gateway';
  }
}

/** @param {{ seal(text: string, about: string[]): Promise<string>, open(sealed: string, about: string[]): Promise<{ text: string } | undefined> }} vault */
async function keysOf(vault) {
  const about = ['readiness'];
  const opened = await vault
    .seal(OK, about)
    .then((sealed) => vault.open(sealed, about))
    .catch(() => undefined);
  return opened?.text === OK ? OK : 'TOKEN_KEYS: does not work as a key';
}

// Errors of the settings begin with the name of the variable, or with a path in MCP_SERVERS. The rest may quote values.
/** @param {unknown} problem */
function nameIn(problem) {
  const name = /^[\w.[\]"~-]{1,100}(?=:)/.exec(wordsOf(problem))?.[0] ?? 'a variable';
  return `${name}: missing or wrong, see the log of the gateway`;
}

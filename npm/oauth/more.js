// @ts-check
// What most pages never need, loaded when it is used: DPoP, private keys, grants without a person, logins of programs.

import { more } from '../oauth-lazy.js';
import { OAuthError } from './error.js';
import { checked } from './options.js';
import { Provider } from './provider.js';
import { memoryStorage } from './storage.js';
import { post } from './tokens.js';
import { send } from './web.js';

/** @param {'clientCredentials' | 'jwtBearer' | 'enterprise'} name */
const machine = (name) => (/** @type {any} */ options) =>
  new Provider(
    checked(name, options),
    async (login) => (await more()).machineLogin(name, login, { post, send }),
    memoryStorage,
  );

export const clientCredentials = machine('clientCredentials');
/** What proves the client is in the options: a secret, or this key. */
export const privateKeyJwt = clientCredentials;
export const jwtBearer = machine('jwtBearer');
export const enterprise = machine('enterprise');

/** @param {any} [options] */
export function loopback(options) {
  const flow = more().then((loaded) => loaded.loopback(options));
  return Object.assign(async (/** @type {URL} */ url, /** @type {any} */ about) => (await flow)(url, about), {
    redirectUri: async (/** @type {string | undefined} */ previous) => (await flow).redirectUri(previous),
    device: async () => (await flow).device(),
    byCode: byCode(async (/** @type {any} */ prompt) => (await flow).show(prompt)),
  });
}

/** @param {(prompt: { url: string, completeUrl?: string, code: string }) => unknown} show */
export function deviceCode(show) {
  const authorize = () => {
    throw new OAuthError('no_device_flow', 'the authorization server offers no device codes');
  };
  return Object.assign(authorize, {
    redirectUri: async () => 'http://127.0.0.1/callback',
    device: () => true,
    byCode: byCode(show),
  });
}

/** @param {(prompt: any) => unknown} show */
const byCode =
  (show) =>
  async (/** @type {any} */ post, /** @type {any} */ web, /** @type {any} */ about, /** @type {any} */ prover) =>
    (await more()).deviceFlow(post, web, about, show, prover);

/** @param {string} path */
export function fileStorage(path) {
  const file = more().then((loaded) => loaded.fileStorage(path));
  /** @param {'get' | 'set' | 'delete' | 'lock'} name */
  const call =
    (name) =>
    async (/** @type {any[]} */ ...words) =>
      /** @type {any} */ (await file)[name](...words);
  return { get: call('get'), set: call('set'), delete: call('delete'), lock: call('lock') };
}

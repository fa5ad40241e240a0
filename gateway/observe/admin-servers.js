// The administrator's view of the servers: /admin/servers lists their addresses, /admin/servers/{server}/drain takes one of them, or all, out of use for
// what is new, and gives it back. docs/operation.md documents the JSON.
// @ts-check

import { json } from '../answers.js';
import { flush, registry } from '../counters.js';
import { log, wordsOf } from '../log.js';
import { countDrain } from '../topology/counts.js';
import { WHOLE } from '../topology/drains.js';
import { audit } from './audit.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Drain } from '../topology/drains.js' */
/** @import { Answer, Settings } from '../types.js' */

/** @typedef {{ replica: string, address: string, isConfigured: boolean }} Place an address; `isConfigured`: whether the configuration drains it */
/** @typedef {{ by?: 'configuration' | 'administrator', since?: number }} Cause of a drain */

/** @param {IncomingRequest} incoming @returns {Promise<Answer>} */
export async function listServers({ env, settings }) {
  settings.drains.take(await registry(env).drains());
  return json({ servers: Object.keys(settings.servers).map((server) => told(settings, server)) });
}

/** PUT drains, DELETE undoes it; `?address=` chooses one address. @param {IncomingRequest} incoming @returns {Promise<Answer>} */
export async function drainServer(incoming) {
  const { ctx, env, request, route, settings } = incoming;
  const { subject: server } = route;
  if (settings.lifetime(server) === undefined) return incoming.refuse('path');
  const address = new URL(request.url).searchParams.get('address') ?? WHOLE;
  const place = placesOf(settings, server).find((one) => one.address === address);
  if (address !== WHOLE && !place) return incoming.refuse('address');
  const isDrained = request.method === 'PUT';
  const replica = place?.replica ?? 'all';
  settings.drains.take(await registry(env).setDrain({ server, address }, isDrained, targetsOf(settings)));
  audit(isDrained ? 'admin.drained' : 'admin.undrained', { server, replica });
  countDrain(server, replica, isDrained);
  // A deployment may follow at once.
  ctx.waitUntil(flush(env).catch((error) => log('warn', 'counters', { problem: wordsOf(error) })));
  return json(told(settings, server));
}

/** @param {Settings} settings @param {string} server @returns {Place[]} */
function placesOf({ topology, servers }, server) {
  const found = topology.get(server);
  const all = found ? [...found.addresses, ...(found.canary ? [found.canary.address] : [])] : [];
  if (all.length === 0) return [{ replica: 'url', address: servers[server].url, isConfigured: false }];
  return all.map(({ replica, text, isDrained }) => ({ replica, address: text, isConfigured: isDrained }));
}

/** Everything that can be drained: @param {Settings} settings */
function targetsOf(settings) {
  return Object.keys(settings.servers).flatMap((server) =>
    [WHOLE, ...placesOf(settings, server).map(({ address }) => address)].map((address) => ({ server, address })),
  );
}

/** @param {Settings} settings @param {string} server */
function told(settings, server) {
  const { drains } = settings;
  const whole = drains.find(server, WHOLE);
  const addresses = placesOf(settings, server).map(({ replica, address, isConfigured }) => {
    const own = causeOf(isConfigured, drains.find(server, address) ?? whole);
    return { replica, address, drained: own.by !== undefined, ...own };
  });
  return { server, drained: drains.hasAll(server), addresses };
}

/** @param {boolean} isConfigured @param {Drain | undefined} drain @returns {Cause} */
function causeOf(isConfigured, drain) {
  if (drain) return { by: 'administrator', since: drain.since };
  return isConfigured ? { by: 'configuration' } : {};
}

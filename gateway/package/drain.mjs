// `mcp-tether-gateway drain`: takes a server, or one of its addresses, of a running gateway out of use for what is new, or gives it back.
import { Complaint } from './complaint.mjs';

const PATIENCE = 10_000; // milliseconds

/** @typedef {{ server: string, drained: boolean, addresses: { replica: string, address: string, drained: boolean, by?: string, since?: number }[] }} Told */

/**
 * Without a server, only prints what is drained.
 * @param {{ gateway: string, server?: string, address?: string, undo: boolean, token: string | undefined }} options
 */
export async function drain({ gateway, server, address, undo, token }) {
  const origin = originOf(gateway);
  if (!token)
    throw new Complaint('ADMIN_TOKEN: is not set in the environment; it is the secret of the gateway with this name');
  if (server === undefined) {
    const { servers } = /** @type {{ servers: Told[] }} */ (await ask(new URL('/admin/servers', origin), 'GET', token));
    process.stdout.write(servers.map(linesOf).join(''));
    return;
  }
  const url = new URL(`/admin/servers/${encodeURIComponent(server)}/drain`, origin);
  if (address !== undefined) url.searchParams.set('address', address);
  process.stdout.write(linesOf(/** @type {Told} */ (await ask(url, undo ? 'DELETE' : 'PUT', token))));
}

/** @param {string} gateway */
function originOf(gateway) {
  if (/^https?:/i.test(gateway) && URL.canParse(gateway)) return new URL(gateway).origin;
  throw new Complaint(`--gateway: must be the URL of the gateway, not "${gateway}"`, 2);
}

/** @param {URL} url @param {string} method @param {string} token @returns {Promise<unknown>} */
async function ask(url, method, token) {
  let response;
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    response = await fetch(url, { method, headers, signal: AbortSignal.timeout(PATIENCE) });
  } catch (error) {
    const { cause, message } = /** @type {Error} */ (error);
    throw new Complaint(`${url.origin} cannot be reached: ${cause instanceof Error ? cause.message : message}`);
  }
  if (response.ok) return response.json();
  if (response.status === 401) throw new Complaint('the gateway does not accept ADMIN_TOKEN');
  if (response.status === 404) throw new Complaint('the gateway has no such server, or its version cannot drain one');
  const told = await response.json().catch(() => undefined);
  throw new Complaint(told?.error?.message ?? `the gateway answered with HTTP status ${response.status}`);
}

/** @param {Told} told */
function linesOf({ server, drained, addresses }) {
  const lines = addresses.map((one) => `  ${one.address}  ${one.drained ? `drained by the ${one.by}` : 'in use'}\n`);
  return `${server}${drained ? '  takes nothing new' : ''}\n${lines.join('')}`;
}

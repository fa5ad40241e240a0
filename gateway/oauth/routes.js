// What browsers and authorization servers ask the gateway for: the page of a login link, the callback, the client metadata document.
//
// The holder of a link could send it to another person, whose login would then give its access to the sender (2025-11-25 client/elicitation,
// "Phishing"). So the browser has to prove that it is the session's user before it is sent on: by what authenticates clients, too. From there on a
// cookie binds the login to this browser.
// @ts-check

import { authenticate, KEYS_PAUSE, KeysUnreachable } from '../auth.js';
import { textWithin } from '../bounded.js';
import { countRequest } from '../counters.js';
import { sha256 } from '../digest.js';
import { readHead } from '../head.js';
import { audit } from '../observe/audit.js';
import { messagePage, startPage } from './pages.js';
import { BROWSER, readPass, TICKET } from './pending-login.js';
import { callbackOf, credentialsOf, documentOf } from './places.js';

/** @import { Env, OAuthSettings, Settings } from '../types.js' */

/** @typedef {{ request: Request, url: URL, env: Env, settings: Settings, oauth: OAuthSettings }} Visit */

const FORM_BYTES = 16_384;
const FOREIGN = 'This link is for another user of the gateway, or the token is wrong.';

/** @type {[path: RegExp, methods: string[], act: (visit: Visit, subject: string) => Response | Promise<Response>][]} */
const routes = [
  [/^\/oauth\/client\/([\w.~-]{1,200})$/, ['GET'], clientDocument],
  [/^\/oauth\/start\/([\w.-]{1,2000})$/, ['GET', 'POST'], start],
  [/^\/oauth\/callback\/([\w.~-]{1,200})$/, ['GET'], callback],
  [/^\/oauth\/login\/([\w.~-]{1,200})$/, ['DELETE'], signOut],
];

/**
 * The response to a request for one of these paths; undefined for all others.
 * @param {Request} request
 * @param {Env} env
 * @param {Settings} settings
 * @returns {Promise<Response> | undefined}
 */
export function visitLogin(request, env, settings) {
  const { oauth } = settings;
  if (!oauth || !request.url.includes('/oauth/')) return undefined;
  const url = new URL(request.url);
  for (const [path, methods, act] of routes) {
    const found = path.exec(url.pathname);
    if (!found) continue;
    if (!methods.includes(request.method))
      return counted(new Response(null, { status: 405, headers: { allow: methods.join(', ') } }));
    return counted(act({ request, url, env, settings, oauth }, found[1]));
  }
  return undefined;
}

/** @param {Response | Promise<Response>} answer */
async function counted(answer) {
  const response = await Promise.resolve(answer).catch(undecided);
  countRequest('login', response.status);
  return response;
}

// Whether the token is valid is unknown while its issuer is out of reach.
/** @param {unknown} error */
function undecided(error) {
  if (!(error instanceof KeysUnreachable)) throw error;
  const page = messagePage(503, 'Try again', 'The issuer of your token is out of reach.');
  page.headers.set('retry-after', String(KEYS_PAUSE / 1_000));
  return page;
}

// Client ID Metadata Document (2025-11-25 basic/authorization). One for each server: what one authorization server is told of a client is worthless at
// another one.
/** @param {Visit} visit @param {string} server */
function clientDocument({ oauth }, server) {
  if (!oauth.servers.has(server)) return messagePage(404, 'Not found', 'No such client.');
  return Response.json(
    {
      client_id: documentOf(oauth, server),
      client_name: oauth.servers.get(server)?.clientName ?? `MCP gateway at ${new URL(oauth.origin).host}`,
      client_uri: oauth.origin,
      redirect_uris: [callbackOf(oauth, server)],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    { headers: { 'cache-control': 'public, max-age=3600', 'x-content-type-options': 'nosniff' } },
  );
}

/** @param {Visit} visit @param {string} ticket */
async function start({ request, env, settings, oauth }, ticket) {
  const pass = await readPass(oauth.vault, ticket, TICKET);
  const object = pass && (await credentialsOf(env, pass.owner));
  const host = pass && (await object?.look(pass.owner, pass.secret));
  if (!pass || !object || !host)
    return messagePage(
      410,
      'This link is over',
      'It works once and for ten minutes. Use the tool again to get another one.',
    );
  const { owner, secret } = pass;
  const { fields } = readHead(request.headers);
  const shown = await authenticate(fields, settings.auth);
  if (shown && shown.key !== owner.key) return messagePage(403, 'Not your link', FOREIGN);
  const about = { server: owner.server, id: owner.id, host };
  if (request.method === 'GET') return startPage({ ...about, needsToken: !shown });
  // No other site may send the form: it could fill in the token of an attacker.
  if (fields.origin !== oauth.origin)
    return messagePage(403, 'Not allowed', 'The form has to be sent from its own page.');
  const proved = shown ?? (await authenticate({ authorization: `Bearer ${await tokenOf(request)}` }, settings.auth));
  if (proved?.key !== owner.key) {
    await object.refuse(owner, secret);
    return startPage({ ...about, needsToken: true, problem: FOREIGN });
  }
  const started = await object.start(owner, secret);
  if (!started) return messagePage(410, 'This link is over', 'It was used meanwhile.');
  const cookie = `${await cookieName(oauth.origin, started.state)}=${started.cookie}; ${attributes(oauth.origin)}; Max-Age=600`;
  return new Response(null, {
    status: 303,
    headers: {
      location: started.url,
      'set-cookie': cookie,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  });
}

/** @param {Request} request */
async function tokenOf(request) {
  const text = await textWithin(request.body, FORM_BYTES);
  return new URLSearchParams(text ?? '').get('token')?.trim() ?? '';
}

/** @param {Visit} visit @param {string} server */
async function callback({ request, url, env, settings, oauth }, server) {
  const { fields } = readHead(request.headers);
  const name = await cookieName(oauth.origin, url.searchParams.get('state') ?? '');
  const pass = await readPass(oauth.vault, cookiesOf(fields.cookie).get(name) ?? '', BROWSER);
  if (pass?.owner.server !== server)
    return messagePage(400, 'Login not known', 'It is over, or it began in another browser. Nothing was stored.');
  const shown = await authenticate(fields, settings.auth);
  if (shown && shown.key !== pass.owner.key) return messagePage(403, 'Not your login', FOREIGN);
  const object = await credentialsOf(env, pass.owner);
  // Behind a proxy the request's own origin may be another one.
  const failure = await object.complete(pass.owner, pass.secret, oauth.origin + url.pathname + url.search);
  audit(failure ? 'login.failed' : 'login.completed', { key: pass.owner.key, server });
  const page = failure
    ? messagePage(400, 'The login failed', failure.message)
    : messagePage(200, 'Logged in', `You can close this page. Your client goes on with ${server}.`);
  page.headers.set('set-cookie', `${name}=; ${attributes(oauth.origin)}; Max-Age=0`);
  page.headers.set('referrer-policy', 'no-referrer');
  return page;
}

/** @param {Visit} visit @param {string} server */
async function signOut({ request, env, settings, oauth }, server) {
  const user = await authenticate(readHead(request.headers).fields, settings.auth);
  if (!user) return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } });
  if (!oauth.servers.has(server)) return new Response(null, { status: 404 });
  const owner = { key: user.key, id: user.id, server };
  const [url] = settings.gateway.upstream(server, user.id, user.vars);
  await (await credentialsOf(env, owner)).signOut(owner, url);
  audit('login.removed', { key: user.key, server });
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
}

// One cookie a login: two of them may be under way in one browser. RFC 6265bis §4.1.3.2: no other host can set a name with this prefix.
/** @param {string} origin @param {string} state */
async function cookieName(origin, state) {
  const prefix = origin.startsWith('https:') ? '__Host-' : '';
  return `${prefix}mcp-login-${(await sha256(state)).slice(0, 16)}`;
}

// `Lax`: the callback is a navigation that another site began.
/** @param {string} origin */
function attributes(origin) {
  return `Path=/; HttpOnly; SameSite=Lax${origin.startsWith('https:') ? '; Secure' : ''}`;
}

/** @param {string | undefined} header */
function cookiesOf(header = '') {
  return new Map(
    header.split(/;\s*/).map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

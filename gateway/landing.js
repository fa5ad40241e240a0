// `GET /`: the page that says what the gateway is and how clients connect, and for programs the names of the caller's servers. Neither contains a secret.
// Names of servers are only for callers that are authenticated, unless all are.
// @ts-check

import script from 'landing-script';
import style from 'landing-style';
import { addressOf } from './address.js';
import { always, seconds } from './answers.js';
import { ANYBODY, authenticate, KEYS_PAUSE, KeysUnreachable, methodsIn } from './auth.js';
import { count, countRequest } from './counters.js';
import { readHead } from './head.js';
import { snippetsFor } from './landing/snippets.js';
import { isAdmin } from './observe/administrator.js';

/** @import { Env, Settings } from './types.js' */
/** @import { Access } from './landing/snippets.js' */

const repository = 'https://github.com/mcp-tether/mcp-tether';

/** @type {string | undefined} */
let policy; // constant, but its hashes take a moment

/**
 * The response to a request for this path by a browser or a program that asks for JSON; undefined for all others.
 * @param {Request} request
 * @param {Env} env
 * @param {Settings} settings
 * @returns {Promise<Response> | undefined}
 */
export function visitLanding(request, env, settings) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  const accept = request.headers.get('accept') ?? '';
  const isPage = accept.includes('text/html');
  if (!isPage && !accept.includes('application/json')) return undefined;
  const { pathname, origin } = new URL(request.url);
  if (pathname !== '/') return undefined;
  return counted(isPage ? page(settings.publicOrigin ?? origin, env, settings) : servers(request, settings));
}

/** @param {Promise<Response>} answer */
async function counted(answer) {
  const response = await answer;
  countRequest('landing', response.status);
  return response;
}

/**
 * The servers that the caller may use. The administrator sees all.
 * @param {Request} request @param {Settings} settings
 */
async function servers(request, settings) {
  const { fields: head } = readHead(request.headers);
  if (settings.limits.RATE_PER_MINUTE > 0 && settings.gateway.takeRate(`landing ${addressOf(head)}`, 1, Date.now()) > 0)
    return problem(429, 'Too many requests: try again in a minute', { 'retry-after': '60' });
  const names = Object.keys(settings.servers);
  if (await isAdmin(head, settings)) return Response.json({ servers: names, isAdmin: true }, { headers: always });
  try {
    const caller = await authenticate(head, settings.auth);
    if (caller)
      return Response.json(
        { servers: names, isAdmin: false, hasSessions: caller.key !== ANYBODY },
        { headers: always },
      );
  } catch (error) {
    if (!(error instanceof KeysUnreachable)) throw error;
    return problem(503, 'The issuer of the token is out of reach: try again', { 'retry-after': seconds(KEYS_PAUSE) });
  }
  if (head.authorization !== undefined) count({ logins_failed_total: 1 });
  return problem(401, 'Send a token of a user or of the administrator as "Authorization: Bearer <token>"', {
    'www-authenticate': 'Bearer',
  });
}

/** @param {number} status @param {string} error @param {Record<string, string>} headers */
function problem(status, error, headers) {
  return Response.json({ error }, { status, headers: { ...always, ...headers } });
}

/** Whether anybody may use the gateway: @param {Env} env */
function isOpen(env) {
  return methodsIn(env).includes('none');
}

/** How clients authenticate: @param {Env} env @param {Settings} settings @returns {Access} */
function accessOf(env, settings) {
  if (isOpen(env)) return 'open';
  return settings.authorizationServers.length > 0 ? 'login' : 'token';
}

/** @param {string} origin @param {Env} env @param {Settings} settings */
async function page(origin, env, settings) {
  const access = accessOf(env, settings);
  const names = access === 'open' ? Object.keys(settings.servers) : [];
  policy ??= await contentPolicy();
  return new Response(html({ origin, access, names, hasAccess: methodsIn(env).includes('access') }), {
    headers: {
      ...always,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    },
  });
}

async function contentPolicy() {
  const [scriptHash, styleHash] = await Promise.all([script, style].map(hashOf));
  return [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    `style-src '${styleHash}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

// Content Security Policy Level 3, §2.3.1 "hash-source".
/** @param {string} text */
async function hashOf(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}

/** @type {Record<Access, string>} */
const sentences = {
  open: 'Anyone who can reach it may use it.',
  token: 'Clients send the bearer token that you were given.',
  login: 'Clients open a login in your browser when they connect.',
};

/** @param {{ origin: string, access: Access, names: string[], hasAccess: boolean }} gateway */
function html({ origin, access, names, hasAccess }) {
  const name = names[0] ?? 'SERVER';
  const options = names.map((one) => `<option>${escaped(one)}</option>`).join('');
  const hint =
    names.length > 0 ? '' : '<p class="hint">The administrator knows the names, or enter your token below.</p>';
  const snippets = snippetsFor({ origin, name, access }).map(
    ({ id, title, about, text }, at) => `<details name="client"${at === 0 ? ' open' : ''}><summary>${title}</summary>
<p>${about}</p>${text === undefined ? '' : block(id, text)}</details>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><link rel="icon" href="data:,">
<title>MCP gateway</title><style>${style}</style>
<body data-origin="${escaped(origin)}" data-access="${access}"${hasAccess ? ' data-cookie' : ''}>
<header><h1>MCP gateway</h1>
<p>This is a gateway to <a href="https://modelcontextprotocol.io">MCP</a> servers. It keeps the sessions of its clients alive when a server restarts.
${sentences[access]}</p></header>
<main><section aria-labelledby="endpoint-title"><h2 id="endpoint-title">Endpoint</h2>
<label for="server">Server</label>
<input id="server" list="servers" value="${escaped(name)}" spellcheck="false" autocomplete="off" autocapitalize="none" maxlength="200">
<datalist id="servers">${options}</datalist>${hint}
${block('endpoint', `${origin}/${name}/mcp`)}</section>
<section aria-labelledby="connect-title"><h2 id="connect-title">Connect</h2>${snippets.join('')}</section>
<section aria-labelledby="sessions-title"><h2 id="sessions-title">Live sessions</h2>
<form id="login"><label for="token">${access === 'open' ? "The administrator's token" : "Your token, or the administrator's"}</label>
<div class="row"><input id="token" type="password" required autocomplete="off" maxlength="8192"><button>Show</button></div>
<p class="hint">The token stays in this page's memory: it is gone when the page is closed or reloaded.</p></form>
<p id="status" role="status"></p><div id="sessions" tabindex="-1"></div>
<noscript><p>This part needs JavaScript. <code>curl ${escaped(origin)}/sessions -H 'Authorization: Bearer TOKEN'</code> lists your sessions.</p></noscript>
</section></main>
<footer><a href="${repository}">mcp-tether</a> · <a href="${repository}/blob/main/docs/gateway.md">documentation</a></footer>
<script>${script}</script></body></html>`;
}

/** Text with a button to copy it: @param {string} id @param {string} text */
function block(id, text) {
  return `<div class="block"><pre id="${id}" tabindex="0" role="group" aria-label="${id}">${escaped(text)}</pre><button type="button" data-copy="${id}" hidden>Copy</button></div>`;
}

/** @type {Record<string, string>} */
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (letter) => entities[letter]);
}

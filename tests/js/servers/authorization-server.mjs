// An OAuth 2.1 authorization server for tests, strict by default: PKCE S256, exact redirect URIs, resource indicators, rotation with reuse detection
// (RFC 9700 §4.14.2), codes that work once. Each deviation of a real server is a rule, and rules may be changed while it runs.
import { createHash, randomUUID } from 'node:crypto';
import { loginPage } from './authorization/login-page.mjs';
import { provesKey, thumbprintOf } from './authorization/proofs.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText } from './shared/messages.mjs';

/**
 * An answer in place of the server's own: an object is JSON, a string HTML.
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: unknown, endless?: boolean }} Answer
 * @typedef {{ path: string, method: string, headers: Record<string, string>, params: Record<string, string>, query: Record<string, string>, body: any }} Seen
 */

/** What the server does unless a rule says otherwise. A hook returns an {@link Answer}, or nothing for the usual one. */
const defaultRules = {
  /** The path of the issuer: '' or '/tenant1'. */
  issuerPath: '',
  /** The well-known documents that are served: of RFC 8414, of OpenID Connect, and the latter below the issuer. */
  places: ['oauth-authorization-server'],
  /** Members of the metadata that differ; undefined leaves one out. */
  document: {},
  /** @type {(document: any, seen: Seen) => Answer | undefined} */
  metadata: () => undefined,
  /** @type {(metadata: any, seen: Seen) => Answer | undefined} */
  register: () => undefined,
  /** Members of the registration's answer that differ. */
  registration: {},
  /** @type {(params: Record<string, string>, seen: Seen) => Answer | undefined} */
  authorize: () => undefined,
  /** @type {(params: Record<string, string>, seen: Seen) => Answer | undefined | Promise<Answer | undefined>} */
  token: () => undefined,
  /** Changes a token answer. @type {(tokens: any, params: Record<string, string>) => any} */
  tokens: (tokens) => tokens,
  /** `none`, `client_secret_basic`, `client_secret_post`: how a client that has a secret proves it. Undefined: as registered. */
  clientAuthentication: undefined,
  /** `auto` sends the browser back at once; `page` shows a login page with a button. */
  login: 'auto',
  /** Headers of the login page. */
  pageHeaders: {},
  /** Whether the callback has `iss`. */
  iss: true,
  refreshTokens: true,
  rotation: true,
  lifetime: 3600,
  /** Whether `resource` has to be there. */
  resource: true,
  /** Whether tokens are bound to the key of a DPoP proof, which is required then. */
  dpop: false,
  /** The scope of a token whose request named none. */
  scope: '',
  /** Endpoints without CORS headers: `metadata`, `register`, `token`. */
  noCors: [],
  /** Awaited before each answer of the token endpoint, to hold it back. @type {() => unknown} */
  hold: () => undefined,
  /** Awaited before each answer with metadata. @type {() => unknown} */
  holdMetadata: () => undefined,
};

/**
 * @param {Partial<typeof defaultRules> & { port?: number }} [changes]
 */
export async function startAuthorizationServer({ port = 0, ...changes } = {}) {
  const rules = { ...defaultRules, ...changes };
  const clients = new Map();
  const codes = new Map();
  const pushed = new Map();
  const devices = new Map();
  const grants = new Map(); // by refresh token: { family, used, … }
  const tokens = new Map(); // by access token
  /** @type {Seen[]} */
  const log = [];
  let subject = 'ada';

  const issuer = () => `${listening.origin}${rules.issuerPath}`;

  function metadata() {
    const base = issuer();
    return {
      issuer: base,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      registration_endpoint: `${base}/register`,
      revocation_endpoint: `${base}/revoke`,
      device_authorization_endpoint: `${base}/device`,
      pushed_authorization_request_endpoint: `${base}/par`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', DEVICE],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      authorization_response_iss_parameter_supported: rules.iss || undefined,
      dpop_signing_alg_values_supported: rules.dpop ? ['ES256'] : undefined,
      ...rules.document,
    };
  }

  const wellKnown = () => ({
    [`/.well-known/oauth-authorization-server${rules.issuerPath}`]: 'oauth-authorization-server',
    [`/.well-known/openid-configuration${rules.issuerPath}`]: 'openid-configuration',
    [`${rules.issuerPath}/.well-known/openid-configuration`]: rules.issuerPath ? 'below' : 'openid-configuration',
  });

  function register(body, seen) {
    const usual = {
      client_id: `client-${randomUUID()}`,
      redirect_uris: body?.redirect_uris,
      token_endpoint_auth_method: body?.token_endpoint_auth_method ?? 'client_secret_basic',
    };
    const own = rules.register(body, seen);
    if (own) return own;
    if (!Array.isArray(body?.redirect_uris) && body?.grant_types?.includes('authorization_code'))
      return failure(400, 'invalid_redirect_uri');
    const registered = { ...usual, ...rules.registration };
    if (registered.token_endpoint_auth_method !== 'none') registered.client_secret ??= `secret:${randomUUID()}`;
    for (const [name, value] of Object.entries(registered)) if (value === undefined) delete registered[name];
    clients.set(registered.client_id, registered);
    return { status: 201, body: registered };
  }

  function authorize(query, seen) {
    let params = query;
    if (query.request_uri) {
      params = { ...pushed.get(query.request_uri) };
      if (!pushed.delete(query.request_uri)) return html(400, 'unknown request_uri');
    }
    const own = rules.authorize(params, seen);
    if (own) return own;
    const client = find(params.client_id, params);
    if (!client) return html(400, `invalid_client: ${params.client_id} is unknown`);
    if (!client.redirect_uris?.includes(params.redirect_uri)) return html(400, 'redirect_uri does not match');
    const error = wrong(params);
    if (error) return back(params, { error });
    const code = `code-${randomUUID()}`;
    codes.set(code, { ...params, subject });
    const granted = back(params, { code });
    if (rules.login === 'auto') return granted;
    const denied = back(params, { error: 'access_denied', error_description: 'The user said no' });
    return { headers: rules.pageHeaders, body: loginPage(granted.headers.Location, denied.headers.Location) };
  }

  /** Sends the browser back to the client. */
  function back({ redirect_uri, state }, more) {
    const url = new URL(redirect_uri);
    for (const [name, value] of Object.entries({ state, ...(rules.iss && { iss: issuer() }), ...more }))
      if (value !== undefined) url.searchParams.set(name, value);
    return { status: 302, headers: { Location: url.href } };
  }

  function wrong(params) {
    if (params.response_type !== 'code') return 'unsupported_response_type';
    if (params.code_challenge_method !== 'S256' || !params.code_challenge) return 'invalid_request';
    return rules.resource && !params.resource ? 'invalid_target' : undefined;
  }

  async function token(params, seen) {
    await rules.hold();
    const own = await rules.token(params, seen);
    if (own) return own;
    if (rules.dpop) {
      params.jkt = await thumbprintOf(seen, `${issuer()}/token`);
      if (!params.jkt) return failure(400, 'invalid_dpop_proof');
    }
    const isOwn = params.grant_type === 'client_credentials' || params.grant_type === JWT_BEARER;
    const client = (isOwn && clients.size === 0) || (await authenticate(params, seen));
    if (!client) return failure(401, 'invalid_client');
    if (isOwn) return issue({ scope: params.scope, resource: params.resource, subject }, params, false);
    if (params.grant_type === 'authorization_code') return redeem(params);
    if (params.grant_type === 'refresh_token') return refresh(params);
    if (params.grant_type === DEVICE) return poll(params);
    return failure(400, 'unsupported_grant_type');
  }

  function redeem(params) {
    const code = codes.get(params.code);
    codes.delete(params.code);
    const challenge = createHash('sha256')
      .update(params.code_verifier ?? '')
      .digest('base64url');
    if (!code || code.client_id !== params.client_id) return failure(400, 'invalid_grant');
    if (code.redirect_uri !== params.redirect_uri) return failure(400, 'invalid_grant', 'redirect_uri differs');
    if (code.code_challenge !== challenge) return failure(400, 'invalid_grant', 'code_verifier is wrong');
    if (rules.resource && code.resource !== params.resource) return failure(400, 'invalid_target');
    return issue(code, params, rules.refreshTokens);
  }

  function refresh(params) {
    const grant = grants.get(params.refresh_token);
    if (!grant || grant.revoked.value || grant.client_id !== params.client_id) return failure(400, 'invalid_grant');
    if (grant.used) {
      // Reuse: the whole family goes, and the access tokens with it.
      revoke(grant.family);
      return failure(400, 'invalid_grant', 'the refresh token was used before');
    }
    if (rules.resource && params.resource !== grant.resource) return failure(400, 'invalid_target');
    if (grant.jkt !== params.jkt) return failure(400, 'invalid_dpop_proof', 'another key');
    grant.used = rules.rotation;
    return issue(grant, params, rules.rotation);
  }

  function poll(params) {
    const device = devices.get(params.device_code);
    if (!device) return failure(400, 'expired_token');
    if (!device.approved) return failure(400, 'authorization_pending');
    devices.delete(params.device_code);
    return issue(device, params, rules.refreshTokens);
  }

  function issue(from, params, withRefresh) {
    const family = from.family ?? randomUUID();
    const revoked = from.revoked ?? { value: false };
    const access = `at-${randomUUID()}`;
    const scope = from.scope ?? rules.scope;
    const grant = { ...from, family, revoked, scope, jkt: params.jkt, used: false };
    tokens.set(access, { ...grant, expires: Date.now() + rules.lifetime * 1000 });
    const answer = { access_token: access, token_type: params.jkt ? 'DPoP' : 'Bearer', expires_in: rules.lifetime };
    if (scope) answer.scope = scope;
    if (withRefresh) {
      answer.refresh_token = `rt-${randomUUID()}`;
      grants.set(answer.refresh_token, grant);
    }
    return { body: rules.tokens(answer, params) };
  }

  async function authenticate(params, { headers }) {
    const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '');
    const [basicId, basicSecret] = basic ? split(Buffer.from(basic[1], 'base64').toString()) : [];
    const client = find(params.client_id ?? basicId, params);
    if (!client) return undefined;
    params.client_id ??= basicId;
    const method = rules.clientAuthentication ?? client.token_endpoint_auth_method ?? 'client_secret_basic';
    if (method === 'private_key_jwt') return (await provesKey(params, client, issuer())) ? client : undefined;
    const { client_secret: secret } = client;
    if (!secret || method === 'none') return client;
    const sent = method === 'client_secret_post' ? params.client_secret : basicSecret;
    return sent === secret ? client : undefined;
  }

  function find(id, params) {
    if (clients.has(id)) return clients.get(id);
    if (rules.document.client_id_metadata_document_supported && /^https?:/.test(id ?? ''))
      return { client_id: id, redirect_uris: [params.redirect_uri], token_endpoint_auth_method: 'none' };
    return undefined;
  }

  function revoke(family) {
    for (const grant of [...grants.values(), ...tokens.values()])
      if (family === undefined || grant.family === family) grant.revoked.value = true;
  }

  async function answer(seen) {
    const { path } = seen;
    const kind = wellKnown()[path];
    if (kind !== undefined || path.includes('/.well-known/')) {
      await rules.holdMetadata();
      const own = rules.metadata(metadata(), seen);
      if (own) return own;
      return rules.places.includes(kind) ? { body: metadata() } : failure(404, 'not_found');
    }
    const endpoint = endpoints[path.slice(rules.issuerPath.length)];
    return endpoint ? endpoint(seen) : failure(404, 'not_found');
  }

  const endpoints = {
    '/register': (seen) => (seen.method === 'POST' ? register(seen.body, seen) : failure(405, 'invalid_request')),
    '/authorize': (seen) => authorize(seen.query, seen),
    '/token': (seen) => token(seen.params, seen),
    '/revoke'({ params }) {
      const grant = grants.get(params.token) ?? tokens.get(params.token);
      if (grant) revoke(grant.family);
      return { body: {} };
    },
    '/par'({ params }) {
      const uri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
      pushed.set(uri, params);
      return { status: 201, body: { request_uri: uri, expires_in: 60 } };
    },
    '/device'({ params }) {
      const code = randomUUID();
      devices.set(code, { ...params, subject, approved: false });
      const page = `${issuer()}/approve?code=${code}`;
      const about = { verification_uri: page, verification_uri_complete: page, user_code: 'ABCD-EFGH' };
      return { body: { device_code: code, ...about, expires_in: 60, interval: 0.01 } };
    },
    '/approve'({ query }) {
      devices.get(query.code).approved = true;
      return html(200, 'approved');
    },
  };

  const listening = await listen(
    async (request, response) => {
      const url = new URL(request.url, 'http://localhost');
      const text = await readText(request);
      const seen = {
        path: url.pathname,
        method: request.method,
        headers: /** @type {Record<string, string>} */ (request.headers),
        query: Object.fromEntries(url.searchParams),
        params: Object.fromEntries(new URLSearchParams(text)),
        body: parseJson(text),
      };
      const endpoint = seen.path.includes('.well-known') ? 'metadata' : seen.path.split('/').at(-1);
      if (!rules.noCors.includes(endpoint)) {
        response.setHeader('Access-Control-Allow-Origin', '*');
        response.setHeader('Access-Control-Allow-Headers', '*');
        response.setHeader('Access-Control-Expose-Headers', 'DPoP-Nonce');
      }
      if (request.method === 'OPTIONS') return response.writeHead(204).end();
      log.push(seen);
      return send(response, await answer(seen));
    },
    { port },
  );

  return {
    rules,
    log,
    clients,
    origin: listening.origin,
    get issuer() {
      return issuer();
    },
    metadata,
    /** How often an endpoint was asked: `register`, `authorize`, `token`; of the token endpoint also by grant. */
    count: (endpoint, grant) =>
      log.filter(
        ({ path, params }) => path.endsWith(`/${endpoint}`) && (grant === undefined || params.grant_type === grant),
      ).length,
    /** Makes a client known in advance. */
    add: (client) => clients.set(client.client_id, client),
    /** What an access token is good for; undefined if it is not. */
    introspect(access) {
      const found = tokens.get(access);
      return found && !found.revoked.value && found.expires > Date.now() ? found : undefined;
    },
    revokeAll: () => revoke(),
    /** Only access tokens: refresh tokens stay. */
    expireAll: () => tokens.clear(),
    logInAs: (name) => (subject = name),
    close: listening.close,
  };
}

function send(response, { status = 200, headers = {}, body, endless }) {
  if (endless) return flood(response, headers);
  const isPage = typeof body === 'string';
  response.writeHead(status, {
    'Content-Type': isPage ? 'text/html' : 'application/json',
    'Cache-Control': 'no-store',
    ...headers,
  });
  if (body === undefined) return response.end();
  return response.end(isPage ? body : JSON.stringify(body));
}

/** A body without an end, as fast as it is taken. */
function flood(response, headers) {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
  const chunk = `{"padding":"${'x'.repeat(65_536)}`;
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export const failure = (status, error, error_description) => ({ status, body: { error, error_description } });
const html = (status, text) => ({ status, body: `<!doctype html><title>Login</title><p>${text}</p>` });

/** Only the first colon divides, and nothing is decoded: so do servers that know RFC 7617 alone. */
function split(pair) {
  const at = pair.indexOf(':');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

if (isMain(import.meta.url)) {
  const options = commandLineOptions();
  const server = await startAuthorizationServer({
    port: Number(options.port ?? 0),
    login: options.login === 'page' ? 'page' : 'auto',
  });
  runUntilStopped(server.close);
  console.log(JSON.stringify({ issuer: server.issuer }));
}

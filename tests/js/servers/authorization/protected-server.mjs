// An MCP server behind OAuth: the SDK's server of the tests or another one, and before it a gate that asks for tokens of an authorization server.
import { request as forward } from 'node:http';
import { startSdkServer } from '../sdk-server.mjs';
import { answerPreflight, setCorsHeaders } from '../shared/cors.mjs';
import { listen } from '../shared/listen.mjs';
import { parseJson, readText, sendJson } from '../shared/messages.mjs';
import { thumbprintOf } from './proofs.mjs';

/**
 * @param {{ introspect(token: string): any, issuer: string }} authority
 * @param {object} [changes] rules that differ
 * @param {{ url: string, counts?: any, close?: () => Promise<unknown> }} [changes.inner] a server that is there already; it is not closed
 */
export async function startProtectedServer(authority, { inner: given, ...changes } = {}) {
  const inner = given ?? (await startSdkServer());
  const rules = {
    /** Members of the protected resource metadata; undefined leaves one out. */
    document: {},
    /** Where the metadata is: `path`, `root`, or any path. None: nowhere. */
    place: 'path',
    /** The metadata's answer in place of the usual one, by path. @type {(path: string, document: object) => any} */
    metadata: () => undefined,
    /** The `WWW-Authenticate` of a refusal; undefined for none. @type {(usual: string, status: number) => string | undefined} */
    challenge: (usual) => usual,
    /** The scope that a message needs. @type {(message: any) => string | undefined} */
    scope: () => undefined,
    /** Whether a message needs a token. @type {(message: any) => boolean} */
    needsToken: () => true,
    /** Whether responses that refuse nothing have a challenge, too. */
    alwaysChallenges: false,
    /** The scope that the challenge of a 401 asks for. */
    challengedScope: undefined,
    /** Refuses tokens for reasons of its own. @type {(grant: any, token: string) => boolean} */
    accepts: () => true,
    /** The status of a refused token. */
    status: 401,
    /** Another resource than the URL that the token has to be for. */
    audience: undefined,
    /** The nonce that DPoP proofs need, in a `DPoP-Nonce` of each response. @type {string | undefined} */
    nonce: undefined,
    hideChallenge: false,
    ...changes,
  };
  const refusals = [];
  const url = () => `${listening.origin}/mcp`;

  const document = () => ({
    resource: url(),
    authorization_servers: [authority.issuer],
    ...rules.document,
  });

  function place() {
    if (rules.place === 'path') return '/.well-known/oauth-protected-resource/mcp';
    return rules.place === 'root' ? '/.well-known/oauth-protected-resource' : rules.place;
  }

  /** What is wrong with the proof of a token that is bound to a key. */
  async function faultOfProof(request, scheme, token, jkt) {
    if (Boolean(jkt) !== (scheme.toLowerCase() === 'dpop')) return 'invalid_token';
    const { nonce } = rules;
    if (!jkt || jkt === (await thumbprintOf(request, url(), { token, nonce }))) return undefined;
    return nonce ? 'use_dpop_nonce' : 'invalid_dpop_proof';
  }

  /** What is wrong with the token, or nothing. */
  async function judge(request, message) {
    const [, scheme, token] = /^(Bearer|DPoP) (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return { status: 401 };
    const grant = authority.introspect(token);
    const fault = await faultOfProof(request, scheme, token, grant?.jkt);
    if (fault) return { status: 401, error: fault };
    const audience = rules.audience ?? rules.document.resource ?? url();
    if (!grant || (grant.resource !== undefined && grant.resource !== audience) || !rules.accepts(grant, token))
      return { status: rules.status, error: 'invalid_token' };
    const scope = rules.scope(message);
    const has = (grant.scope ?? '').split(' ');
    const lacks = scope?.split(' ').some((one) => !has.includes(one));
    return lacks ? { status: 403, error: 'insufficient_scope', scope } : undefined;
  }

  function serveMetadata(response, path) {
    const own = rules.metadata(path, document());
    if (!own) return path === place() ? sendJson(response, 200, document()) : sendJson(response, 404, { error: path });
    response.writeHead(own.status ?? 200, { 'Content-Type': 'application/json', ...own.headers });
    return response.end(typeof own.body === 'string' ? own.body : JSON.stringify(own.body ?? {}));
  }

  function refuse(response, { status, error, scope = rules.challengedScope }) {
    const parts = [
      `resource_metadata="${listening.origin}${place()}"`,
      error && `error="${error}"`,
      scope && `scope="${scope}"`,
    ];
    const scheme = error?.includes('dpop') ? 'DPoP' : 'Bearer';
    const challenge = rules.challenge(`${scheme} ${parts.filter(Boolean).join(', ')}`, status);
    const headers = {
      ...(challenge && { 'WWW-Authenticate': challenge }),
      ...(rules.nonce && { 'DPoP-Nonce': rules.nonce }),
    };
    return sendJson(response, status, { error: error ?? 'unauthorized' }, headers);
  }

  function pass(request, response, text) {
    const onward = forward(
      new URL(request.url, inner.url),
      { method: request.method, headers: { ...request.headers, host: new URL(inner.url).host } },
      (answer) => {
        const own = Object.entries(answer.headers).filter(([name]) => !name.startsWith('access-control-'));
        response.writeHead(answer.statusCode, Object.fromEntries(own));
        response.flushHeaders();
        answer.on('error', () => response.destroy());
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(text);
  }

  const listening = await listen(async (request, response) => {
    setCorsHeaders(request, response);
    if (rules.hideChallenge) response.setHeader('Access-Control-Expose-Headers', 'Mcp-Session-Id');
    if (answerPreflight(request, response)) return;
    const path = new URL(request.url, listening.origin).pathname;
    if (path !== '/mcp' && !path.startsWith('/control')) {
      serveMetadata(response, path);
      return;
    }
    const text = await readText(request);
    const message = parseJson(text);
    const refusal = rules.needsToken(message) ? await judge(request, message) : undefined;
    if (rules.alwaysChallenges)
      response.setHeader('WWW-Authenticate', `Bearer resource_metadata="${listening.origin}${place()}"`);
    if (!refusal) return pass(request, response, text);
    refusals.push({ ...refusal, method: message?.method });
    refuse(response, refusal);
  });

  return {
    rules,
    refusals,
    counts: inner.counts,
    origin: listening.origin,
    get url() {
      return url();
    },
    document,
    async close() {
      await listening.close();
      if (!given) await inner.close();
    },
  };
}

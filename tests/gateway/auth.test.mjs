// Authentication: JWTs by JWKS, the assertion of Cloudflare Access, no access without a setting, and open access if
// configured.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { listen } from '../js/servers/shared/listen.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const issuer = 'https://issuer.example';
const team = 'team.cloudflareaccess.example';

describe('JWTs and Cloudflare Access', () => {
  let keys;
  let stranger;
  let jwks;
  let seen;
  let spy;
  let stack;
  before(async () => {
    keys = await generateKeyPair('ES256');
    stranger = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    jwks = await listen((_request, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys: [key] })),
    );
    seen = [];
    spy = await listen((request, response) => {
      seen.push(request.headers);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      request.setEncoding('utf8').on('data', (text) => {
        const { id, method } = JSON.parse(text);
        const result =
          method === 'initialize'
            ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'spy', version: '1' } }
            : {};
        response.end(
          id === undefined
            ? ''
            : JSON.stringify({
                jsonrpc: '2.0',
                id,
                ...(method === 'server/discover' ? { error: { code: -32601, message: 'no' } } : { result }),
              }),
        );
      });
    });
    stack = await startStack({
      vars: {
        AUTH: 'jwt, access',
        JWT_JWKS_URL: `${jwks.origin}/keys`,
        JWT_ISSUER: issuer,
        JWT_AUDIENCE: 'the-gateway',
        AUTHORIZATION_SERVERS: issuer,
        ACCESS_TEAM_DOMAIN: team,
        ACCESS_JWKS_URL: `${jwks.origin}/keys`,
        ACCESS_AUDIENCE: 'the-application',
      },
      servers: {
        spy: {
          url: `${spy.origin}/mcp`,
          protocolVersion: 'legacy',
          headers: { 'X-User': '{{USER_ID}}', 'X-Mail': '{{email}}' },
        },
      },
    });
  });
  after(async () => {
    await stack?.stop();
    await Promise.all([jwks.close(), spy.close()]);
  });

  const sign = (claims = {}, { key = keys.privateKey, expires = '5m' } = {}) =>
    new SignJWT({ iss: issuer, aud: 'the-gateway', sub: 'ada', email: 'ada@example.com', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(key);

  test('a token of the issuer is accepted, and its claims fill in headers', async () => {
    const ada = sender(`${stack.origin}/spy/mcp`, await sign());
    const session = await ada.open();
    await (await ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc('ping', {}, 7) })).text();
    assert.ok(
      seen.length >= 3 &&
        seen.every((headers) => headers['x-user'] === 'ada' && headers['x-mail'] === 'ada@example.com'),
    );
    assert.ok(seen.every((headers) => headers.authorization === undefined));
    // A renewed token of the same user continues the session; one of another user does not.
    const renewed = sender(`${stack.origin}/spy/mcp`, await sign({ jti: 'another' }));
    assert.equal(
      (await renewed.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc('ping', {}, 8) })).status,
      200,
    );
    const other = sender(`${stack.origin}/spy/mcp`, await sign({ sub: 'bob' }));
    assert.equal(
      (await other.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc('ping', {}, 9) })).status,
      404,
    );
  });

  test('every other token is refused, and the refusal names the metadata for getting one', async () => {
    const encoded = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const claims = { iss: issuer, aud: 'the-gateway', sub: 'ada', exp: 9e9 };
    const unsigned = `${encoded({ alg: 'none' })}.${encoded(claims)}.`;
    const shared = await new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(issuer)
      .setAudience('the-gateway')
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode('x'.repeat(32)));
    const bad = {
      'no token': undefined,
      'no JWT': 'abc',
      unsigned,
      'a shared secret': shared,
      'another key': await sign({}, { key: stranger.privateKey }),
      'another issuer': await sign({ iss: 'https://evil.example' }),
      'another audience': await sign({ aud: 'someone-else' }),
      expired: await sign({}, { expires: '-5m' }),
      'no subject': await sign({ sub: undefined }),
    };
    for (const [what, token] of Object.entries(bad)) {
      const response = await sender(stack.url, token).send('POST', {
        headers: token === undefined ? { Authorization: undefined } : {},
        body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams },
      });
      assert.equal(response.status, 401, what);
      const metadata = response.headers.get('www-authenticate').match(/resource_metadata="([^"]+)"/)[1];
      assert.deepEqual(await (await fetch(metadata)).json(), {
        resource: stack.url,
        authorization_servers: [issuer],
        bearer_methods_supported: ['header'],
      });
    }
    assert.equal((await fetch(`${stack.origin}/.well-known/oauth-protected-resource/nothing/mcp`)).status, 404);
  });

  test('the assertion of Cloudflare Access is verified', async () => {
    const assertion = (claims) => sign({ iss: `https://${team}`, aud: 'the-application', ...claims });
    const open = (token) =>
      sender(stack.url).send('POST', {
        headers: { Authorization: undefined, 'Cf-Access-Jwt-Assertion': token },
        body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams },
      });
    const response = await open(await assertion());
    assert.equal((await messageOf(response)).result.serverInfo.name, 'mcp-tether-test-server');
    assert.equal((await open(await assertion({ aud: 'the-gateway' }))).status, 401);
    assert.equal((await open('made.up.text')).status, 401);
  });
});

describe('the variable AUTH', () => {
  const ask = async (vars) => {
    const stack = await startStack({ vars });
    const response = await fetch(stack.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: '*/*' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams }),
    });
    const answer = { status: response.status, text: await response.text(), lines: stack.lines };
    await stack?.stop();
    return answer;
  };

  test('is required', async () => {
    const { status, lines } = await ask({ AUTH: '' });
    assert.equal(status, 500);
    assert.ok(lines.some((line) => line.includes('AUTH: must list how clients are authenticated')));
  });

  test('may allow unauthenticated clients', async () => {
    const { status, text } = await ask({ AUTH: 'none' });
    assert.equal(status, 200, text);
  });

  test('an invalid configuration is logged with all its errors, and not shown to clients', async () => {
    const { status, text, lines } = await ask({
      MCP_SERVERS: {
        mcpServers: { a: { url: 'nonsense' }, b: { url: 'https://b.example', headers: { X: '${MISSING}' } } },
      },
    });
    assert.equal(status, 500);
    assert.ok(!text.includes('mcpServers'));
    assert.ok(lines.some((line) => line.includes('mcpServers.a.url') && line.includes('MISSING')));
  });
});

// Servers whose login is wrong in one way each: rules of the authorization server (`as`) and of the MCP server (`server`), and what the step
// `authorization` says of it. `as` and `server` may be functions of the origins.

/** Rows with `advice` can be used all the same; the others cannot. */
export const rows = {
  'no WWW-Authenticate': {
    server: { challenge: () => undefined },
    advice:
      /Add WWW-Authenticate: Bearer resource_metadata="http:\/\/.*\/\.well-known\/oauth-protected-resource\/mcp" to responses with 401/,
  },
  'a challenge without resource_metadata': {
    server: { challenge: () => 'Bearer realm="mcp"' },
    advice: /Add resource_metadata="…"/,
  },
  'a challenge that leads nowhere': {
    server: { challenge: (usual) => usual.replace('/.well-known/', '/gone/') },
    seen: /\/gone\/oauth-protected-resource\/mcp of the challenge answers 404/,
    advice: /Correct resource_metadata in WWW-Authenticate: the protected resource metadata is at http/,
  },
  'WWW-Authenticate is hidden from pages': {
    origin: 'https://app.example',
    server: { hideChallenge: true },
    advice: /Add WWW-Authenticate to Access-Control-Expose-Headers of responses with 401/,
  },
  'metadata of another resource': {
    server: { document: { resource: 'https://other.example/mcp' } },
    fix: /Set resource to "http:\/\/127\.0\.0\.1:\d+\/mcp" in the protected resource metadata at http/,
  },
  'metadata of another resource, and no login is needed': {
    server: { document: { resource: 'https://other.example/mcp' }, needsToken: () => false, alwaysChallenges: true },
    advice: /Set resource to "http:\/\/127\.0\.0\.1:\d+\/mcp" in the protected resource metadata at http/,
  },
  'no metadata of the authorization server, and no login is needed': {
    as: { places: [] },
    server: { needsToken: () => false },
    advice: /Serve it at http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-authorization-server \(RFC 8414\)/,
  },
  'no authorization server in the metadata, none at the origin': {
    server: { document: { authorization_servers: undefined } },
    fix: /Add authorization_servers, a list of issuers, to http/,
  },
  'no metadata at all': {
    server: { place: '/nowhere', challenge: () => 'Bearer' },
    seen: /there is no protected resource metadata/,
    fix: /Serve \{"resource": "http:\/\/127\.0\.0\.1:\d+\/mcp", "authorization_servers": \["https:\/\/auth\.example"\]\} at http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/mcp/,
  },
  'a server of 2025-03-26: metadata of the authorization server alone': {
    server: ({ as }) => ({
      place: '/nowhere',
      challenge: () => 'Bearer',
      metadata: (path) => (path === '/.well-known/oauth-authorization-server' ? { body: as.metadata() } : undefined),
    }),
    seen: /users can log in at http.*there is no protected resource metadata/,
    advice: /Serve \{"resource": .*"authorization_servers": \["http:\/\/127\.0\.0\.1:\d+"\]\}/,
  },
  'an authorization server without https': {
    server: { document: { authorization_servers: ['http://auth.example'] } },
    fix: /Name authorization servers in authorization_servers by https URLs/,
  },
  'no metadata of the authorization server': {
    as: { places: [] },
    fix: /Serve it at http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-authorization-server \(RFC 8414\).*openid-configuration/,
  },
  'the first authorization server is dead, the second one is not': {
    server: ({ as }) => ({ document: { authorization_servers: [`${as.origin}/dead`, as.issuer] } }),
    seen: /users can log in at .*there is no authorization server metadata of http.*\/dead/,
    advice: /\/\.well-known\/oauth-authorization-server\/dead/,
  },
  'metadata of 100 KB': {
    as: { document: { padding: 'x'.repeat(100_000) } },
    usable: /users can log in at http.*, which registers clients$/,
  },
  'HTML first, OpenID Connect below the path': {
    as: {
      issuerPath: '/tenant',
      places: ['below'],
      metadata: (_document, { path }) => (path.startsWith('/.well-known') ? { body: '<title>app</title>' } : undefined),
    },
    usable: /users can log in at http.*\/tenant, which registers clients/,
  },
  'another issuer': {
    as: { document: { issuer: 'https://evil.example' } },
    fix: /Set issuer to "http:\/\/127\.0\.0\.1:\d+" in the authorization server metadata at .*RFC 8414 §3\.3/,
  },
  'no authorization endpoint': {
    as: { document: { authorization_endpoint: undefined } },
    fix: /Add authorization_endpoint to http/,
  },
  'no token endpoint': { as: { document: { token_endpoint: undefined } }, fix: /Add token_endpoint to http/ },
  'a token endpoint without https': {
    as: { document: { token_endpoint: 'http://auth.example/token' } },
    fix: /Use https for token_endpoint in http/,
  },
  'a token endpoint that is not there': {
    as: ({ as }) => ({ document: { token_endpoint: `${as.origin}/gone` } }),
    seen: /the token endpoint answers 404/,
    fix: /Correct token_endpoint, http/,
  },
  'PKCE is not declared': {
    as: { document: { code_challenge_methods_supported: undefined } },
    fix: /Add "code_challenge_methods_supported": \["S256"\] to http.*assumePkce/,
  },
  'PKCE without S256': {
    as: { document: { code_challenge_methods_supported: ['plain'] } },
    fix: /Support S256, and add it to code_challenge_methods_supported/,
  },
  'no registration': {
    as: { document: { registration_endpoint: undefined } },
    seen: /needs a client that was registered by hand/,
    advice: /Register a client there by hand and give its clientId/,
  },
  'client metadata documents alone': {
    as: { document: { registration_endpoint: undefined, client_id_metadata_document_supported: true } },
    usable: /which takes client metadata documents$/,
  },
  'client metadata documents without public clients': {
    as: {
      document: {
        client_id_metadata_document_supported: true,
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      },
    },
    advice: /Add none to token_endpoint_auth_methods_supported/,
  },
  'no refresh tokens': {
    as: { document: { grant_types_supported: ['authorization_code'] } },
    advice: /Issue refresh tokens, and add refresh_token to grant_types_supported/,
  },
  'a server for machines alone': {
    as: { document: { grant_types_supported: ['client_credentials', 'refresh_token'] } },
    fix: /Add authorization_code to grant_types_supported/,
  },
  'no CORS at the metadata': {
    origin: 'https://app.example',
    as: { noCors: ['metadata'] },
    fix: /Access-Control-Allow-Origin is missing on the authorization server metadata at http.*: send https:\/\/app\.example or \*/,
  },
  'no CORS at the registration endpoint': {
    origin: 'https://app.example',
    as: { noCors: ['register'] },
    fix: /Access-Control-Allow-Origin is missing on the preflight of the registration endpoint at http/,
  },
  'no CORS at the token endpoint': {
    origin: 'https://app.example',
    as: { noCors: ['token'] },
    fix: /Access-Control-Allow-Origin is missing on the token endpoint at http/,
  },
  'no CORS anywhere, and no page': {
    as: { noCors: ['metadata', 'register', 'token'] },
    usable: /which registers clients$/,
  },
};

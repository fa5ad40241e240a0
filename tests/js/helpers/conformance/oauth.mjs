// The auth provider of each conformance scenario with OAuth, and what its session does.
import { pathToFileURL } from 'node:url';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../../pkg/node.js', import.meta.url);
const { clientCredentials, enterprise, jwtBearer, oauth, privateKeyJwt } = await import(
  new URL('oauth.js', packageEntry)
);

const redirectUri = 'http://localhost:3000/callback';

/** The user says yes: the suite's login page redirects at once. */
async function authorize(url) {
  const response = await fetch(url, { redirect: 'manual' });
  return response.headers.get('location');
}

const usual = { redirectUri, authorize, clientName: 'mcp-tether-conformance-client' };
const withSecret = ({ client_id, client_secret }) => ({ clientId: client_id, clientSecret: client_secret });

/** By the end of the scenario's name; what is not here has the usual one. */
const providers = {
  // The suite's fixed client metadata document.
  'basic-cimd': () => oauth({ ...usual, clientMetadataUrl: 'https://conformance-test.local/client-metadata.json' }),
  'pre-registration': (context) => oauth({ ...usual, ...withSecret(context) }),
  dpop: () => oauth({ ...usual, dpop: true }),
  'dpop-nonce': () => oauth({ ...usual, dpop: true }),
  'client-credentials-basic': (context) => clientCredentials(withSecret(context)),
  'client-credentials-jwt': ({ client_id, private_key_pem, signing_algorithm }) =>
    privateKeyJwt({ clientId: client_id, key: private_key_pem, alg: signing_algorithm }),
  'enterprise-managed-authorization': (context) =>
    enterprise({
      ...withSecret(context),
      idp: { issuer: context.idp_issuer, tokenEndpoint: context.idp_token_endpoint, clientId: context.idp_client_id },
      idToken: context.idp_id_token,
    }),
  // Its name in 0.1.16.
  'cross-app-access-complete-flow': (context) => providers['enterprise-managed-authorization'](context),
  'wif-jwt-bearer': ({ client_id, valid_jwt }) => jwtBearer({ clientId: client_id, assertion: () => valid_jwt }),
};

/** @param {string} scenario @param {any} context */
export function providerOf(scenario, context) {
  const make = providers[scenario.replace('auth/', '')];
  return make ? make(context) : oauth(usual);
}

/** All that an authorized session does. */
export async function useTools(session) {
  const { tools } = await session.listTools();
  for (const { name } of tools) await session.callTool({ name, arguments: {} });
}

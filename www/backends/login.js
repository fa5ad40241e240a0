// A server of the demo that asks for a login: an MCP server behind OAuth, with an authorization server whose tokens are good for seconds. Both are real,
// and started by `make demo`.
// @ts-check

import { LoginStory } from '../login-story.js';
import { tabName } from '../tab.js';
import { withBrief } from './backend.js';

/** @import { OAuthProvider } from 'mcp-tether/oauth' */
/** @import { Backend, BackendMaker } from '../types.js' */

const built = new URL('../pkg/oauth.js', import.meta.url).href;

/** What makes the backend, or undefined without a demo server. @returns {Promise<BackendMaker | undefined>} */
export async function loginBackend() {
  /** @type {{ login?: { mcpUrl: string, controlUrl: string } }} */
  const { login } = await fetch('demo.json')
    .then((response) => response.json())
    .catch(() => ({}));
  return login && (() => make(login));
}

/** @param {{ mcpUrl: string, controlUrl: string }} login @returns {Promise<Backend>} */
async function make({ mcpUrl, controlUrl }) {
  // Loaded by those who log in.
  /** @type {typeof import('mcp-tether/oauth')} */
  const { oauth, popup } = await import(built);
  const auth = oauth({ redirectUri: callbackUrl(), authorize: popup(), clientName: 'mcp-tether demo page' });
  const loginStory = new LoginStory(auth);
  return {
    kind: 'login',
    about:
      'The server asks for a login: “Connect” opens the login page of an authorization server on another origin. The tokens are good for 12 seconds.',
    servers: withBrief([{ name: 'private', url: mcpUrl, auth: loginStory.auth }]),
    controlUrl: () => controlUrl,
    page: await tabName(),
    loginStory,
  };
}

export const callbackUrl = () => new URL('login.html', document.baseURI).href;

// Compiled, never run, without the DOM library: the declarations of every entry, and logins where the program declares no `fetch` and no `CryptoKey`.

import type * as main from 'mcp-tether';
import type * as cookies from 'mcp-tether/cookies';
import type * as devtools from 'mcp-tether/devtools';
import type * as lists from 'mcp-tether/lists';
import { oauth, privateKeyJwt } from 'mcp-tether/oauth';
import type * as agents from 'mcp-tether/openai-agents';
import type * as schema from 'mcp-tether/output-schema';
import type * as page from 'mcp-tether/page';
import type * as react from 'mcp-tether/react';
import type * as slim from 'mcp-tether/slim';
import type * as snapshot from 'mcp-tether/snapshot';
import type * as storage from 'mcp-tether/storage';
import type * as yaml from 'mcp-tether/yaml';

export type Entries = [
  typeof main,
  typeof cookies,
  typeof devtools,
  typeof lists,
  typeof agents,
  typeof schema,
  typeof page,
  typeof react,
  typeof slim,
  typeof snapshot,
  typeof storage,
  typeof yaml,
];

oauth({
  redirectUri: 'https://app.example/callback',
  authorize: async (url, { signal, state }) => (signal.aborted ? state : url.href),
});
privateKeyJwt({ clientId: 'app', key: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' } });
// @ts-expect-error: a key is not a number
privateKeyJwt({ clientId: 'app', key: 5 });

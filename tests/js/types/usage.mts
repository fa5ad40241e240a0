// Compiled, never run: what users write has to type-check, and what is wrong has not to.

import type {
  Diagnosis,
  ErrorCode,
  LostWhen,
  ManagerOptions,
  McpConfig,
  SessionEvent,
  SessionEventDetail,
  SessionInfo,
  SessionState,
} from 'mcp-tether';
import init, { McpError, McpManager, McpSession } from 'mcp-tether';
import type { CredentialStorage, OAuthProvider } from 'mcp-tether/oauth';
import { clientCredentials, fileStorage, loopback, OAuthError, oauth, popup, redirect } from 'mcp-tether/oauth';
import { attachToPage, sharedStorage } from 'mcp-tether/page';
import { initSync } from 'mcp-tether/slim';
import { durableObjectStorage, indexedDbStorage, webStorage } from 'mcp-tether/storage';
import { parseConfig } from 'mcp-tether/yaml';

await init();
await init(new URL('https://example.com/mcp_tether_bg.wasm'));
await init(fetch('https://example.com/mcp_tether_bg.wasm'));
initSync(new Uint8Array());

const config: McpConfig = {
  mcpServers: {
    files: {
      type: 'streamable-http',
      url: '${FILES_URL}',
      headers: { 'X-User': '{{USER_ID}}' },
      protocolVersion: '2025-06-18',
      authTimeout: 60_000,
      sessionConfig: {
        timeout: 60_000,
        retryAttempts: 5,
        replay: 'safe',
        keepAlive: 240_000,
        lostWhen: [{ status: 440 }, { message: 'sign in again' }],
      },
    },
  },
};
const fromYaml: McpConfig = parseConfig('mcpServers: {}');
const options: ManagerOptions = {
  env: { FILES_URL: undefined },
  log: (level, line) => console.log(level, line),
  fetch: (url, init) => fetch(url, init),
  limits: { maxUsers: 10, maxStreamsPerOrigin: 3 },
};

await using manager = new McpManager(config, options);
new McpManager(fromYaml, { fetch });
// As the official SDK's middlewares have it.
new McpManager(config, {
  fetch: async (url: string | URL, init?: RequestInit): Promise<Response> => fetch(url, { ...init, keepalive: true }),
});

for (const storage of [indexedDbStorage(), webStorage(sessionStorage), { get: () => null, set() {}, delete() {} }])
  new McpManager(config, { storage });
const tabs = sharedStorage(indexedDbStorage());
const detach: () => void = attachToPage(new McpManager(config, { storage: tabs }), { tabs, grace: 1_000 });
detach();
attachToPage(manager, { onHide: 'terminate' });
export const keep = (ctx: { storage: Parameters<typeof durableObjectStorage>[0] }) => durableObjectStorage(ctx.storage);

const session: McpSession = await manager.connect('alice', 'files', {
  vars: { team: 'a' },
  signal: AbortSignal.timeout(1_000),
});
const id: string | undefined = session.sessionId;
const result: { content: string[] } = await session.request<{ content: string[] }>({
  method: 'tools/call',
  params: { name: 'read' },
});
await session.callTool(
  { name: 'read', arguments: { path: '/' } },
  { onprogress: ({ progress, total }) => console.log(progress, total), replay: 'never' },
);
session.setRequestHandler('roots/list', (_request, { signal }) => ({ roots: [], cancelled: signal.aborted }));
session.onnotification = (notification) => console.log(notification);
const info: SessionInfo | undefined = manager.getSessionInfo('alice', 'files');
const created: SessionEvent = 'sessionCreated';
manager.events.addEventListener(created, (event) =>
  console.log((event as CustomEvent<SessionEventDetail>).detail.generation, event.detail.at),
);
const anyEvents: EventTarget = manager.events;
anyEvents.addEventListener('sessionCreated', (event) => console.log(event.type));
const during: Record<'outageStarted' | 'outageEnded' | 'streamWaiting', (detail: SessionEventDetail) => unknown> = {
  outageStarted: ({ code, evidence }) => `${code satisfies ErrorCode | undefined}: ${evidence?.trim()}`,
  outageEnded: ({ durationMs = 0, waited = 0 }) => durationMs / waited,
  streamWaiting: ({ stream }) => stream === 'listen',
};
for (const [kind, tell] of Object.entries(during))
  manager.events.addEventListener(kind satisfies string as SessionEvent, (event) =>
    tell((event as CustomEvent<SessionEventDetail>).detail),
  );
const away: SessionState = 'outage';
const outages: number | undefined = manager.getMetrics().outages;
manager.notifyNetwork(away === session.state || outages ? 'offline' : 'online');

const diagnosis: Diagnosis = await manager.diagnose('files', 'alice', {
  origin: 'https://app.example',
  timeout: 1_000,
});
console.log(
  diagnosis.ok,
  diagnosis.steps.map(({ name, fix }) => `${name}: ${fix}`),
);

try {
  await session.ping();
} catch (error) {
  if (error instanceof McpError) {
    const code: ErrorCode = error.code;
    const status: number | undefined = error.status;
    console.log(code, status, error.retryable, error.rpcCode, error.cause instanceof TypeError);
  }
}
console.log(id, result, info);

// @ts-expect-error A server needs a url.
new McpManager({ mcpServers: { files: {} } });
// @ts-expect-error An entry without a status and a message fits everything.
export const everything: LostWhen = {};
// @ts-expect-error A network is there or not.
manager.notifyNetwork('slow');
// @ts-expect-error Not a replay policy.
await session.ping({ replay: 'always' });
// @ts-expect-error A session comes from connect().
new McpSession();
// @ts-expect-error What a session is called is for the server to say.
session.sessionId = 'mine';

const login: OAuthProvider = oauth({
  redirectUri: 'https://app.example/callback',
  authorize: popup({ onClosed: (cancel) => cancel() }),
  storage: indexedDbStorage(),
  servers: { notes: { url: 'https://notes.example/mcp', resource: null, assumePkce: true } },
});
await login.signIn('ada', 'notes', { url: 'https://notes.example/mcp' });
await manager.connect('ada', 'notes', { auth: login });
await login.signOut('ada', 'notes');
const file: CredentialStorage = fileStorage('/tmp/x');
oauth({ authorize: loopback(), storage: file, parameters: { audience: 'x' } });
oauth({ redirectUri: 'https://app.example/callback', authorize: redirect() });
declare const unset: undefined;
oauth({
  authorize: loopback({ port: unset }),
  redirectUri: unset,
  clientId: unset,
  scope: unset,
  fetch: unset,
  resource: unset,
});
await login.signIn('ada', 'notes', { url: unset, signal: unset, refusal: unset });
await login.signOut('ada', 'notes', { url: unset, signal: unset });
clientCredentials({ clientId: 'id', clientSecret: 'secret', storage: unset });
oauth({ redirectUri: 'https://app.example/callback', authorize: async (url) => new URL(url.href) });
await manager.connect('bot', 'notes', { auth: clientCredentials({ clientId: 'a', clientSecret: 'b' }) });
console.log(new OAuthError().code satisfies string);
// @ts-expect-error: there has to be a way to log in
oauth({ redirectUri: 'https://app.example/callback' });

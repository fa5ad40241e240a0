// Compiled, never run, without the DOM library and without types of any runtime: what a library or a Worker writes.

import type {
  CallToolRequestParams,
  CallToolResult,
  ClientCapabilities,
  ClientInfo,
  CompleteRequestParams,
  ConnectOptions,
  ContentBlock,
  DiagnosisOptions,
  ErrorCode,
  GetPromptRequestParams,
  Limits,
  ListToolsResult,
  LoggingLevel,
  LostWhen,
  ManagerOptions,
  PaginatedRequestParams,
  Progress,
  RequestOptions,
  ResourceRequestParams,
  ServerCapabilities,
  ServerConfig,
  SessionConfig,
  SessionEvent,
  SessionEventDetail,
  SessionEventListenerOptions,
  SessionEventMap,
  Token,
  Tool,
} from 'mcp-tether';
import init, { McpError, McpManager } from 'mcp-tether';
import { withCookies } from 'mcp-tether/cookies';
import { mountDevtools, parseTrace, type Trace } from 'mcp-tether/devtools';
import { type ListHandler, watchLists } from 'mcp-tether/lists';
import { TetherMcpServer, type TetherMcpServerOptions } from 'mcp-tether/openai-agents';
import { checkOutput } from 'mcp-tether/output-schema';
import { attachToPage, type PageOptions } from 'mcp-tether/page';
import { useMcp } from 'mcp-tether/react';
import { initSync } from 'mcp-tether/slim';
import { deferLogin, type LoginProvider, snapshotOf, watchSession } from 'mcp-tether/snapshot';
import { chromeStorage, webStorage } from 'mcp-tether/storage';
import module from 'mcp-tether/wasm';
import { parseConfig } from 'mcp-tether/yaml';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>) => {};

await init();
initSync(module);
initSync(new Uint8Array());

await using manager = new McpManager(parseConfig('mcpServers: {}'), {
  capabilities: { elicitation: { form: {} }, 'com.example/own': true },
  clientInfo: { name: 'app', version: '1.0.0', title: 'App' },
  storage: webStorage({ getItem: () => null, setItem() {}, removeItem() {} }),
});
attachToPage(manager);
await using session = await manager.connect('ada', 'notes');

// What servers have of their own, and the entries beside the main one.
new McpManager(
  {
    mcpServers: {
      own: { url: '/mcp', credentials: 'include', auth: { token: async ({ challenge }) => challenge } },
      sticky: withCookies({ url: '/mcp' }),
    },
  },
  { storage: chromeStorage({ get: async () => ({}), set: async () => {}, remove: async () => {} }) },
);
checkOutput(manager, { getValidator: () => () => ({ valid: false, errorMessage: 'no' }) });
const stop: () => void = watchLists(manager, session, {
  tools: { debounceMs: 10, onChanged: (error, tools) => console_(error?.code ?? tools?.map(({ name }) => name)) },
});
stop();
const devtools = mountDevtools(manager, { open: true, theme: 'dark', limit: 1_000 });
devtools.note('deployed');
const recorded: Trace = devtools.trace;
console_(parseTrace(JSON.stringify(recorded)).events[0]?.type);
const { sessions } = snapshotOf(manager).getSnapshot();
const watched = watchSession(manager, 'ada', 'notes');
watched.subscribe(() => console_(watched.getSnapshot().tools[0]?.name, sessions[0]?.state));
const user: LoginProvider = {
  token: async ({ interactive }) => (interactive ? 'token' : undefined),
  signIn: async (_user, _server, { refusal } = {}) => console_(refusal?.challenge),
};
export function useNotes() {
  const { state, call, retry, login, loginError } = useMcp(manager, 'ada', 'notes', { auth: user });
  const code: string | undefined = state === 'needsLogin' ? loginError?.code : undefined;
  return { state, call, retry, login, code };
}
const deferred = deferLogin(user);
manager.transport('ada', 'notes', { auth: deferred });
deferred.subscribe(() => console_(deferred.getSnapshot()[0]?.error?.message));
await deferred.login('ada', 'notes');
await new TetherMcpServer(manager, 'ada', 'notes', { cacheToolsList: true }).connect();
function console_(..._values: unknown[]) {}

// What is optional may be undefined, also with `exactOptionalPropertyTypes`.
type Maybe<T extends object> = { [Name in keyof T]-?: object extends Pick<T, Name> ? T[Name] | undefined : T[Name] };
declare const maybe: {
  server: Maybe<ServerConfig>;
  session: Maybe<SessionConfig>;
  lost: Maybe<LostWhen>;
  manager: Maybe<ManagerOptions>;
  limits: Maybe<Partial<Limits>>;
  client: Maybe<ClientInfo>;
  capabilities: Maybe<Pick<ClientCapabilities, 'roots' | 'sampling' | 'elicitation' | 'tasks'>>;
  connect: Maybe<ConnectOptions>;
  diagnosis: Maybe<DiagnosisOptions>;
  request: Maybe<RequestOptions>;
  call: Maybe<CallToolRequestParams>;
  page: Maybe<PaginatedRequestParams>;
  resource: Maybe<ResourceRequestParams>;
  prompt: Maybe<GetPromptRequestParams>;
  completion: Maybe<CompleteRequestParams>;
  pageLife: Maybe<PageOptions>;
  list: Maybe<ListHandler<Tool>>;
  agent: Maybe<TetherMcpServerOptions>;
  token: Maybe<Token>;
  listener: Maybe<SessionEventListenerOptions>;
  terminate: boolean | undefined;
};
export async function given() {
  const server: ServerConfig = { ...maybe.server, sessionConfig: { ...maybe.session, lostWhen: [maybe.lost] } };
  const { client, capabilities, limits } = maybe;
  const own = new McpManager(
    { mcpServers: { server } },
    { ...maybe.manager, clientInfo: client, capabilities, limits },
  );
  own.events.addEventListener('sessionCreated', () => {}, maybe.listener);
  attachToPage(own, maybe.pageLife);
  new TetherMcpServer(own, 'ada', 'server', maybe.agent);
  await own.diagnose('server', undefined, maybe.diagnosis);
  const connected = await own.connect('ada', 'server', { ...maybe.connect, auth: { token: async () => maybe.token } });
  watchLists(own, connected, { tools: maybe.list, prompts: undefined });
  await connected.callTool(maybe.call, maybe.request);
  await connected.listTools(maybe.page);
  await connected.readResource(maybe.resource);
  await connected.getPrompt(maybe.prompt);
  await connected.complete(maybe.completion);
  await connected.request({ method: 'tools/list', params: maybe.request.timeout ? maybe.page : undefined });
  await own.close({ terminate: maybe.terminate });
}
new McpManager({ mcpServers: {} }, { log: false });
// @ts-expect-error Only `false` turns it off.
new McpManager({ mcpServers: {} }, { log: true });

// @ts-expect-error There are three of them.
new McpManager({ mcpServers: { own: { url: '/mcp', credentials: 'always' } } });

// Every result has its type.
const { tools, nextCursor } = await session.listTools();
same<typeof tools, Tool[]>(true);
same<typeof nextCursor, string | undefined>(true);
const result = await session.callTool({ name: 'echo', arguments: { message: 'hello' } }, { onprogress });
same<typeof result, CallToolResult>(true);
const words: string[] = result.content.map(textOf);
const { contents } = await session.readResource({ uri: 'file:///a' });
export const sizes = contents.map((item) => ('text' in item ? item.text.length : item.blob.length));
const { messages } = await session.getPrompt({ name: 'greet', arguments: { who: 'Ada' } });
export const said = messages.map(({ role, content }) => `${role}: ${textOf(content)}`);
const { completion } = await session.complete({
  ref: { type: 'ref/prompt', name: 'greet' },
  argument: { name: 'who', value: 'A' },
});
export const first: string | undefined = completion.values[0];
const capabilities: ServerCapabilities | undefined = session.getServerCapabilities();
export const subscribes: boolean | undefined = capabilities?.resources?.subscribe;
const level: LoggingLevel = 'warning';
await session.setLoggingLevel(level);

function onprogress({ progress, total = 1 }: Progress) {
  words.push(`${progress / total}`);
}

function textOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return block.mimeType;
    case 'resource_link':
      return block.uri;
    case 'resource':
      return block.resource.uri;
  }
}

// Methods by name, in both shapes, and methods that are not described.
const listed = await session.request('tools/list');
same<typeof listed, ListToolsResult>(true);
const page = await session.request({ method: 'resources/list', params: { cursor: 'next' } });
export const uris: string[] = page.resources.map(({ uri }) => uri);
const called = await session.request('tools/call', { name: 'echo' }, { timeout: 1_000, replay: 'never' });
same<typeof called, CallToolResult>(true);
const own = await session.request('com.example/own', { deep: true });
same<typeof own, unknown>(true);
const typed = await session.request<{ rows: number }>({ method: 'com.example/count' });
same<typeof typed.rows, number>(true);
const task = await session.request('tasks/get', { taskId: '1' });
same<typeof task.pollInterval, number | undefined>(true);

// Handlers by name.
session.setRequestHandler('elicitation/create', ({ params }, { signal }) => {
  if (params.mode === 'url') return { action: params.url.startsWith('https:') ? 'accept' : 'decline' };
  return signal.aborted
    ? { action: 'cancel' }
    : { action: 'accept', content: { fields: Object.keys(params.requestedSchema.properties) } };
});
session.setRequestHandler('sampling/createMessage', async ({ params }) => ({
  role: 'assistant',
  content: { type: 'text', text: `${params.messages.length} of ${params.maxTokens}` },
  model: 'none',
}));
session.setRequestHandler('com.example/own', ({ params: { echo } = {} }) => ({ echo }));
session.setNotificationHandler('notifications/message', ({ params }) => {
  same<typeof params.level, LoggingLevel>(true);
});
session.setNotificationHandler('com.example/own', ({ params: { name } = {} }) => words.push(String(name)));
session.onnotification = (notification) => {
  if (notification.method === 'notifications/resources/updated') words.push(notification.params.uri);
};
await session.notification({ method: 'notifications/roots/list_changed' });

// Events: the detail has the fields of its event.
manager.events.addEventListener('recoverySucceeded', ({ type, detail }) => {
  same<typeof type, 'recoverySucceeded'>(true);
  same<typeof detail.durationMs, number>(true);
  same<typeof detail.code, ErrorCode>(true);
});
manager.events.addEventListener('stateChanged', { handleEvent: ({ detail }) => words.push(detail.to) }, { once: true });
manager.events.addEventListener('requestSettled', (event) => {
  same<typeof event.detail.outcome, 'result' | ErrorCode>(true);
  if (event.detail.outcome === 'result') event.stopImmediatePropagation();
});
const names: SessionEvent[] = ['outageStarted', 'outageEnded'];
for (const name of names)
  manager.events.addEventListener(name, ({ type, detail }) => words.push(type, String(detail.at)));
export const details: SessionEventDetail[] = [] satisfies SessionEventMap[SessionEvent][];

try {
  await session.ping();
} catch (error) {
  if (error instanceof McpError) words.push(error.code);
}

// @ts-expect-error There is no such event.
manager.events.addEventListener('sessionRecovered', () => {});
// @ts-expect-error A session that was created has no outcome.
manager.events.addEventListener('sessionCreated', ({ detail }) => detail.outcome);
// @ts-expect-error A block of text has no data.
export const data = (block: ContentBlock & { type: 'text' }) => block.data;
// @ts-expect-error A tool is called by its name.
await session.callTool({ arguments: {} });
// @ts-expect-error There is no such level.
await session.setLoggingLevel('loud');
// @ts-expect-error A sample names its model.
session.setRequestHandler('sampling/createMessage', () => ({ role: 'assistant', content: { type: 'text', text: '' } }));
// @ts-expect-error A result may have no cursor, and then it has no length.
export const length = (page: ListToolsResult) => page.nextCursor.length;

// What the server scenarios of the official conformance suite want to find, on the official SDK's server (v1): their names are the suite's.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema, CompleteRequestSchema, CreateMessageResultSchema, ElicitResultSchema, GetPromptRequestSchema, ListPromptsRequestSchema,
  ListResourcesRequestSchema, ListResourceTemplatesRequestSchema, ListToolsRequestSchema, ReadResourceRequestSchema, SetLevelRequestSchema,
  SubscribeRequestSchema, UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { EventStore } from './shared/event-store.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from './shared/messages.mjs';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const string = { type: 'string' };
const text = (value) => ({ type: 'text', text: value });
const image = { type: 'image', data: png, mimeType: 'image/png' };
const embedded = (uri) => ({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'What is embedded.' } });
const object = (properties = {}, required = []) => ({ type: 'object', properties, required });

// Each: what it takes, and `run(arguments, extra, session)`.
const tools = {
  test_simple_text: [object(), () => [text('Some text.')]],
  test_image_content: [object(), () => [image]],
  test_audio_content: [object(), () => [{ type: 'audio', data: wav, mimeType: 'audio/wav' }]],
  test_embedded_resource: [object(), () => [embedded('test://embedded-resource')]],
  test_multiple_content_types: [object(), () => [text('Three kinds:'), image, embedded('test://mixed-content-resource')]],
  test_tool_with_logging: [object(), async (_, { sendNotification }) => {
    for (const data of ['begins', 'goes on', 'ends']) {
      await sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      await wait(50);
    }
    return [text('Logged three lines.')];
  }],
  test_tool_with_progress: [object(), async (_, { _meta, sendNotification }) => {
    for (const progress of [0, 50, 100]) {
      await sendNotification({ method: 'notifications/progress', params: { progressToken: _meta?.progressToken ?? 0, progress, total: 100 } });
      await wait(50);
    }
    return [text('Done.')];
  }],
  test_error_handling: [object(), () => {
    throw new Error('This tool always fails.');
  }],
  test_reconnection: [object(), async (_, { requestId }, { transport }) => {
    transport.closeSSEStream(requestId);
    await wait(100);
    return [text('The client came back.')];
  }],
  test_sampling: [object({ prompt: string }, ['prompt']), async ({ prompt }, { sendRequest }) => {
    const params = { messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 };
    const { content } = await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return [text(`LLM response: ${content.text}`)];
  }],
  test_elicitation: [object({ message: string }, ['message']), ({ message }, extra) => elicit(extra, message, object({ response: string }, ['response']))],
  test_elicitation_sep1034_defaults: [object(), (_, extra) => elicit(extra, 'Are these right?', object({
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  }))],
  test_elicitation_sep1330_enums: [object(), (_, extra) => {
    const plain = ['option1', 'option2', 'option3'];
    const titled = [1, 2, 3].map((number) => ({ const: `value${number}`, title: `Number ${number}` }));
    return elicit(extra, 'Which?', object({
      untitledSingle: { type: 'string', enum: plain },
      titledSingle: { type: 'string', oneOf: titled },
      legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
      untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', enum: plain } },
      titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled } },
    }));
  }],
  json_schema_2020_12_tool: [{
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: { address: object({ street: string, city: string }) },
    ...object({ name: string, address: { $ref: '#/$defs/address' } }),
    additionalProperties: false,
  }, () => [text('Taken.')]],
};

async function elicit({ sendRequest }, message, requestedSchema) {
  const { action, content } = await sendRequest({ method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } }, ElicitResultSchema);
  return [text(`action=${action}, content=${JSON.stringify(content ?? {})}`)];
}

const resources = {
  'test://static-text': { mimeType: 'text/plain', text: 'Text that stays.' },
  'test://static-binary': { mimeType: 'image/png', blob: png },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Text to watch.' },
};

// Each: the names of its arguments, and its messages' contents.
const prompts = {
  test_simple_prompt: [[], () => [text('A plain prompt.')]],
  test_prompt_with_arguments: [['arg1', 'arg2'], ({ arg1, arg2 }) => [text(`arg1='${arg1}', arg2='${arg2}'`)]],
  test_prompt_with_embedded_resource: [['resourceUri'], ({ resourceUri }) => [embedded(resourceUri), text('Read that.')]],
  test_prompt_with_image: [[], () => [image, text('Look at that.')]],
};

function buildServer(session) {
  const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} };
  const server = new Server({ name: 'mcp-tether-conformance-server', version: '1.0.0' }, { capabilities });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(tools).map(([name, [inputSchema]]) => ({ name, description: `The suite's ${name}.`, inputSchema })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    try {
      return { content: await tools[params.name][1](params.arguments ?? {}, { ...extra, _meta: params._meta }, session) };
    } catch (error) {
      return { content: [text(error.message)], isError: true };
    }
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: Object.entries(resources).map(([uri, { mimeType }]) => ({ uri, name: uri.slice(7), description: uri, mimeType })) }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', description: 'One with an id.', mimeType: 'application/json' }],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const id = /^test:\/\/template\/(.+)\/data$/.exec(uri)?.[1];
    const found = id ? { mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) } : resources[uri];
    if (!found) throw Object.assign(new Error(`no such resource: ${uri}`), { code: -32002 });
    return { contents: [{ uri, ...found }] };
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: Object.entries(prompts).map(([name, [names]]) => ({ name, description: `The suite's ${name}.`, arguments: names.map((one) => ({ name: one, description: one, required: true })) })),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name, arguments: given = {} } }) => ({
    messages: prompts[name][1](given).map((content) => ({ role: 'user', content })),
  }));
  return server;
}

/** Starts the server. It is for clients on this machine: any other `Host` or `Origin` is refused. */
export async function startConformanceServer({ port = 0 } = {}) {
  const sessions = new Map();
  const isLocal = (host) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '');

  async function openSession() {
    const session = {};
    session.transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new EventStore(),
      retryInterval: 500,
      onsessioninitialized: (id) => sessions.set(id, session),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await buildServer(session).connect(session.transport);
    return session;
  }

  const listening = await listen(async (request, response) => {
    const { host, origin } = request.headers;
    if (!isLocal(host) || (origin && !isLocal(new URL(origin).host))) return sendJson(response, 403, rpcError(-32000, 'Forbidden'));
    const body = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
    const id = request.headers['mcp-session-id'];
    if (id !== undefined && !sessions.has(id)) return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    const { transport } = sessions.get(id) ?? (await openSession());
    return transport.handleRequest(request, response, body);
  }, { port });
  return {
    url: `${listening.origin}/mcp`,
    port: listening.port,
    async close() {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
      await listening.close();
    },
  };
}

if (isMain(import.meta.url)) {
  const { port } = commandLineOptions();
  const server = await startConformanceServer({ port: Number(port ?? 0) });
  runUntilStopped(server.close);
  console.log(JSON.stringify({ url: server.url, port: server.port }));
}

// Programs and libraries of others with the interface of the clients in clients.mjs. Those that connect for each command
// have `connectsEachTime`, those that open another session after every broken connection `opensAgain`.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMCPClient } from '@ai-sdk/mcp';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { MCPServerStreamableHttp } from '@openai/agents';
import { startLineClient } from './line-client.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const installed = at('../../.tools/programs/node_modules');
// The Inspector needs Node 22.19.
const node = at('../../node_modules/node-24/bin/node');
const inspector = (program) => `${installed}/@modelcontextprotocol/inspector/clients/${program}`;
const token = 'token-of-ada';
const authorization = `Authorization: Bearer ${token}`;

export const moreClients = {
  'the AI SDK': aiSdk,
  'LangChain’s adapters': langChain,
  Mastra: mastra,
  'the OpenAI Agents SDK': openAiAgents,
  'mcp-remote': mcpRemote,
  FastMCP: (url) =>
    startLineClient(at('../../.tools/python/fastmcp/bin/python'), [at('fastmcp-client.py'), url, token]),
  'Pydantic AI': framework('frameworks-v2', 'pydantic-ai'),
  LlamaIndex: async (url) => ({ connectsEachTime: true, ...(await framework('frameworks-v2', 'llama-index')(url)) }),
  smolagents: framework('frameworks-v1', 'smolagents'),
  'mcp-use': framework('frameworks-v1', 'mcp-use'),
  rmcp: (url) => startLineClient(at('../../target/interop/debug/interop-rmcp-client'), [url, token]),
  mcpdo,
  'the Inspector’s command line': inspectorCommand,
};

/** One of Python's, in an environment of its own. */
function framework(environment, name) {
  const python = at(`../../.tools/python/${environment}/bin/python`);
  return (url) => startLineClient(python, [at('framework-client.py'), name, url, token]);
}

async function aiSdk(url) {
  const client = await createMCPClient({
    transport: { type: 'http', url, headers: { Authorization: `Bearer ${token}` } },
  });
  const tools = await client.tools();
  return {
    call: (name, args) => tools[name].execute(args, { messages: [], toolCallId: 'c' }),
    end: () => client.close(),
  };
}

async function langChain(url) {
  const headers = { Authorization: `Bearer ${token}` };
  const client = new MultiServerMCPClient({ mcpServers: { gateway: { transport: 'http', url, headers } } });
  const tools = await client.getTools();
  return {
    async call(name, args) {
      const text = await tools.find((tool) => tool.name === name).invoke(args);
      return { content: [{ type: 'text', text }] };
    },
    end: () => client.close(),
  };
}

async function mastra(url) {
  const { MCPClient } = await import(`${installed}/@mastra/mcp/dist/index.js`);
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const client = new MCPClient({ id: url, servers: { gateway: { url: new URL(url), requestInit } } });
  const tools = await client.listTools();
  return { call: (name, args) => tools[`gateway_${name}`].execute(args, {}), end: () => client.disconnect() };
}

async function openAiAgents(url) {
  const server = new MCPServerStreamableHttp({
    url,
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
    clientSessionTimeoutSeconds: 60,
  });
  await server.connect();
  return { call: async (name, args) => ({ content: await server.callTool(name, args) }), end: () => server.close() };
}

/** A host that only speaks stdio, the official client, with the proxy that such hosts are configured with. */
async function mcpRemote(url) {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-remote-'));
  const client = new Client({ name: 'host', version: '1' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [`${installed}/mcp-remote/dist/proxy.js`, url, '--header', authorization],
      env: { PATH: process.env.PATH, MCP_REMOTE_CONFIG_DIR: folder },
      stderr: 'ignore',
    }),
  );
  return {
    call: (name, args) => client.callTool({ name, arguments: args }),
    async end() {
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The Inspector's client that holds connections in a process of its own, and is told what to do by commands. */
async function mcpdo(url) {
  const folder = await mkdtemp(join(tmpdir(), 'mcpdo-'));
  const run = (...words) =>
    runInspector('mcpdo/build/mcp-bin.js', ['--format', 'json', ...words], {
      HOME: folder,
      MCP_STORAGE_DIR: folder,
      MCP_INSPECTOR_DAEMON_DIR: join(folder, 'daemon'),
      MCP_INSPECTOR_SECRET_STORE: 'memory',
    });
  await run('--connection', 'gateway', 'connect', url, '--transport', 'http', '--header', authorization);
  return {
    opensAgain: true,
    async call(name, args) {
      const pairs = Object.entries(args).map(([key, value]) => `${key}:=${JSON.stringify(value)}`);
      const { result, ...rest } = JSON.parse(await run('--connection', 'gateway', 'tools/call', name, ...pairs));
      return result ?? rest;
    },
    async end() {
      await run('disconnect', 'gateway');
      await run('daemon', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function inspectorCommand(url) {
  const folder = await mkdtemp(join(tmpdir(), 'inspector-'));
  return {
    connectsEachTime: true,
    async call(name, args) {
      const pairs = Object.entries(args).flatMap(([key, value]) => ['--tool-arg', `${key}=${value}`]);
      const words = [url, '--transport', 'http', '--header', authorization, '--method', 'tools/call'];
      return JSON.parse(
        await runInspector('cli/build/index.js', [...words, '--tool-name', name, ...pairs], {
          HOME: folder,
          MCP_STORAGE_DIR: folder,
        }),
      );
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @returns {Promise<string>} what it printed */
function runInspector(program, words, env) {
  return new Promise((resolve, reject) => {
    execFile(
      node,
      [inspector(program), ...words],
      { env: { PATH: process.env.PATH, ...env } },
      (error, stdout, stderr) => (error ? reject(new Error(`${stderr}${stdout}`)) : resolve(stdout)),
    );
  });
}

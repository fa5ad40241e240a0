// The part of docs/interop.md about clients through the gateway: which they are, and what tests/gateway has them survive.
import { fileURLToPath } from 'node:url';
import { crateVersion, npmVersion, pythonVersion } from './peers/versions.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const program = (name) => npmVersion(name, at('../gateway/programs/package-lock.json'));
const framework = (environment, name) => pythonVersion(at(`../gateway/programs/${environment}.txt`), name);
const python = (environment, name) => pythonVersion(at(`python-server/${environment}.txt`), name);

const clients = [
  ['mcp-tether', 'this version', 'clients'],
  ['TypeScript SDK v1', npmVersion('@modelcontextprotocol/sdk'), 'clients'],
  ['TypeScript SDK v2', npmVersion('@modelcontextprotocol/client'), 'clients'],
  ['Python SDK v1', python('sdk-v1'), 'python'],
  ['Python SDK v2', python('sdk-v2'), 'python'],
  ['FastMCP', python('fastmcp', 'fastmcp'), 'clients-more'],
  ['rmcp', crateVersion(at('rmcp-client/Cargo.lock'), 'rmcp'), 'clients-more'],
  ['AI SDK', npmVersion('@ai-sdk/mcp'), 'clients-more'],
  ['OpenAI Agents SDK', npmVersion('@openai/agents'), 'clients-more'],
  ['LangChain’s adapters', npmVersion('@langchain/mcp-adapters'), 'clients-more'],
  ['Mastra', program('@mastra/mcp'), 'clients-more'],
  ['Pydantic AI', framework('frameworks-v2', 'pydantic-ai-slim'), 'clients-more'],
  ['LlamaIndex (1)', framework('frameworks-v2', 'llama-index-tools-mcp'), 'clients-more'],
  ['smolagents', framework('frameworks-v1', 'smolagents'), 'clients-more'],
  ['mcp-use', framework('frameworks-v1', 'mcp-use'), 'clients-more'],
  ['mcp-remote, below a host that speaks stdio', program('mcp-remote'), 'clients-more'],
  ['MCP Inspector, `mcpdo` (2)', program('@modelcontextprotocol/inspector'), 'clients-more'],
  ['MCP Inspector, `--cli` (1)', program('@modelcontextprotocol/inspector'), 'clients-more'],
];

const line = (cells) => `| ${cells.join(' | ')} |`;
const columns = ['client', 'version', 'tested in'];

export const throughGateway = [
  '## Clients through the gateway',
  '',
  'Each calls tools through the gateway on workerd: over a restart of the server, between calls and during one; over a restart of the gateway; and after its object',
  'was evicted. Those of `clients-more.all.mjs` also over a switch to a replica of the server that does not have their sessions. No client opens a second session',
  'or gets a 404, each loss costs the server one handshake, and no call runs twice: a call that was cut gets an error that says that its outcome is unknown.',
  '',
  line(columns),
  line(columns.map(() => '---')),
  ...clients.map(([name, version, file]) => line([name, version, `\`tests/gateway/${file}.all.mjs\``])),
  '',
  '1. connects for each call or command, so that there is no session to keep',
  '2. opens another session after every broken connection, before any server, and leaves the one before to a timeout',
  '',
];

// How clients connect, for the page at `/`: shared by the gateway, which writes the page, and the page's script, which fills in another server.
// @ts-check

/** @typedef {'open' | 'token' | 'login'} Access how clients authenticate: not at all, with a bearer token, by OAuth */
/** @typedef {{ origin: string, name: string, access: Access }} Target */
/** @typedef {{ id: string, title: string, about: string, text?: string }} Snippet `about` is HTML */

/** @param {Target} target */
export function endpointOf({ origin, name }) {
  return `${origin}/${name}/mcp`;
}

/**
 * One for each client. None contains a token: it is named as a variable or asked for by the client.
 * @param {Target} target
 * @returns {Snippet[]}
 */
export function snippetsFor(target) {
  return [claudeCode(target), claude(target), vsCode(target), cursor(target), inspector(target), ...sdks(target)];
}

/** @param {Target} target @returns {Snippet} */
function claudeCode(target) {
  const header = target.access === 'token' ? ` \\\n  --header "Authorization: Bearer $MCP_TOKEN"` : '';
  return {
    id: 'claude-code',
    title: 'Claude Code',
    about: told(target, 'In a terminal.'),
    text: `claude mcp add --transport http ${target.name} ${endpointOf(target)}${header}`,
  };
}

/** @param {Target} target @returns {Snippet} */
function claude(target) {
  const about =
    target.access === 'token'
      ? 'Connectors of claude.ai log in by OAuth and send no bearer token of yours. Use Claude Code, or ask the administrator for OAuth (<code>AUTHORIZATION_SERVERS</code>).'
      : 'In Settings, Connectors, “Add custom connector”, enter this URL. Claude connects from the internet, so the gateway has to be reachable there.';
  return {
    id: 'claude',
    title: 'Claude (claude.ai, desktop, mobile)',
    about,
    ...(target.access !== 'token' && { text: endpointOf(target) }),
  };
}

/** @param {Target} target @returns {Snippet} */
function vsCode(target) {
  const { name, access } = target;
  const headers = access === 'token' ? { headers: { Authorization: 'Bearer ${input:mcp-token}' } } : {};
  const inputs =
    access === 'token'
      ? {
          inputs: [{ type: 'promptString', id: 'mcp-token', description: 'Token for the MCP gateway', password: true }],
        }
      : {};
  return {
    id: 'vs-code',
    title: 'VS Code',
    about: 'In <code>.vscode/mcp.json</code>.',
    text: pretty({ servers: { [name]: { type: 'http', url: endpointOf(target), ...headers } }, ...inputs }),
  };
}

/** @param {Target} target @returns {Snippet} */
function cursor(target) {
  const headers = target.access === 'token' ? { headers: { Authorization: 'Bearer ${env:MCP_TOKEN}' } } : {};
  return {
    id: 'cursor',
    title: 'Cursor',
    about: told(target, 'In <code>.cursor/mcp.json</code>.'),
    text: pretty({ mcpServers: { [target.name]: { url: endpointOf(target), ...headers } } }),
  };
}

/** @param {Target} target @returns {Snippet} */
function inspector(target) {
  const header = target.access === 'token' ? ` \\\n  --header "Authorization: Bearer $MCP_TOKEN"` : '';
  return {
    id: 'inspector',
    title: 'MCP Inspector',
    about: told(
      target,
      'Lists the tools in a terminal, with Node 22 or newer. Without <code>--cli</code> the Inspector opens in a browser.',
    ),
    text: `npx @modelcontextprotocol/inspector --cli ${endpointOf(target)} \\\n  --transport http --method tools/list${header}`,
  };
}

/** @param {Target} target @returns {Snippet[]} */
function sdks(target) {
  return [typescript(target), python(target), tether(target)];
}

/** @param {Target} target @returns {Snippet} */
function typescript(target) {
  const options =
    target.access === 'token'
      ? ', {\n  requestInit: { headers: { Authorization: `Bearer ${process.env.MCP_TOKEN}` } },\n}'
      : '';
  return {
    id: 'typescript',
    title: 'TypeScript SDK',
    about: told(target, '<code>npm install @modelcontextprotocol/client</code>.'),
    text: `import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const client = new Client({ name: 'my-client', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL('${endpointOf(target)}')${options}));
console.log(await client.listTools());
await client.close();
`,
  };
}

/** @param {Target} target @returns {Snippet} */
function python(target) {
  const isToken = target.access === 'token';
  const open = isToken
    ? `    headers = {"Authorization": f"Bearer {os.environ['MCP_TOKEN']}"}
    async with (
        httpx.AsyncClient(headers=headers, timeout=None) as http,
        streamable_http_client("${endpointOf(target)}", http_client=http) as (read, write, *_),
        ClientSession(read, write) as session,
    ):`
    : `    async with (
        streamable_http_client("${endpointOf(target)}") as (read, write, *_),
        ClientSession(read, write) as session,
    ):`;
  return {
    id: 'python',
    title: 'Python SDK',
    about: told(target, '<code>pip install "mcp&lt;2"</code>.'),
    text: `import asyncio${isToken ? '\nimport os\n\nimport httpx' : '\n'}
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


async def main():
${open}
        await session.initialize()
        print(await session.list_tools())


asyncio.run(main())
`,
  };
}

/** @param {Target} target @returns {Snippet} */
function tether(target) {
  const { name, access } = target;
  const headers = access === 'token' ? ", headers: { Authorization: 'Bearer ${MCP_TOKEN}' }" : '';
  return {
    id: 'mcp-tether',
    title: 'mcp-tether',
    about: told(target, '<code>npm install mcp-tether</code>.'),
    text: `import { McpManager } from 'mcp-tether';

await using manager = new McpManager({
  mcpServers: { '${name}': { url: '${endpointOf(target)}'${headers} } },
});
const session = await manager.connect('me', '${name}');
console.log(await session.listTools());
`,
  };
}

/** @param {Target} target @param {string} about */
function told({ access }, about) {
  return access === 'token' ? `${about} Your token is in the environment variable <code>MCP_TOKEN</code>.` : about;
}

/** @param {unknown} value */
function pretty(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

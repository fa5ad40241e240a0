// The command-line client that the official conformance suite runs: one scenario a run, the server's URL as last
// argument.
import { pathToFileURL } from 'node:url';
import { providerOf, useTools } from './oauth.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../../pkg/node.js', import.meta.url);
const { default: init, McpManager } = await import(packageEntry);

/** The parameters of a scenario, such as the calls to make. */
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

const scenarios = {
  initialize: listTools,
  'request-metadata': listTools,
  'json-schema-ref-no-deref': listTools,

  tools_call: async (session) => {
    const { tools } = await session.listTools();
    if (!tools.some((tool) => tool.name === 'add_numbers')) throw new Error('add_numbers is not listed');
    await session.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } });
  },

  'sse-retry': async (session) => {
    await session.listTools();
    await session.callTool({ name: 'test_reconnection', arguments: {} });
  },

  'elicitation-sep1034-client-defaults': async (session) => {
    // Fields that the user leaves out are filled in by the package, from the defaults of the schema.
    session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
    await session.listTools();
    await session.callTool({ name: 'test_client_elicitation_defaults', arguments: {} });
  },

  'sep-2322-client-request-state': async (session) => {
    // The call of another tool in between must not carry anything of the one that waits for its user.
    session.setRequestHandler('elicitation/create', async () => {
      await session.callTool({ name: 'test_mrtr_unrelated', arguments: {} });
      return { action: 'accept', content: { confirmed: true } };
    });
    await session.listTools();
    for (const name of ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_no_result_type']) {
      await session.callTool({ name, arguments: {} });
    }
  },

  'http-standard-headers': async (session) => {
    const { tools } = await session.listTools();
    for (const { name } of tools) await session.callTool({ name, arguments: {} });
    const { resources } = await session.listResources();
    for (const { uri } of resources) await session.readResource({ uri });
    const { prompts } = await session.listPrompts();
    for (const { name } of prompts) await session.getPrompt({ name });
  },

  'http-custom-headers': async (session) => {
    await session.listTools();
    for (const call of context.toolCalls) await session.callTool(call);
  },

  // Every listed tool is called: a tool with an invalid header must not be listed.
  'http-invalid-tool-headers': async (session) => {
    const { tools } = await session.listTools();
    for (const { name } of tools) await session.callTool({ name, arguments: {} });
  },

  'json-schema-2020-12-preservation': async (session) => {
    const { tools } = await session.listTools();
    const { inputSchema } = tools.find((tool) => tool.name === 'json_schema_2020_12_tool');
    await session.callTool({ name: 'json_schema_echo', arguments: { schema: inputSchema } });
  },
};

const elicitation = { elicitation: { form: {} } };
const capabilities = {
  'elicitation-sep1034-client-defaults': elicitation,
  'sep-2322-client-request-state': elicitation,
  'request-metadata': { ...elicitation, sampling: {}, roots: {} },
};

async function listTools(session) {
  await session.listTools();
}

async function main() {
  const url = process.argv.at(-1);
  const name = process.env.MCP_CONFORMANCE_SCENARIO;
  const isAuth = name?.startsWith('auth/');
  const own = Object.hasOwn(scenarios, name ?? '') ? scenarios[name] : undefined;
  const scenario = isAuth ? useTools : own;
  if (!scenario) throw new Error(`this client has no part for the scenario ${name}`);
  await init();
  const manager = new McpManager(
    { mcpServers: { conformance: { url, type: 'streamable-http', timeout: 20_000 } } },
    {
      clientInfo: { name: 'mcp-tether-conformance-client', version: '1.0.0' },
      capabilities: capabilities[name] ?? {},
      log: (level, line) => console.error(level, line),
    },
  );
  try {
    const auth = isAuth ? providerOf(name, context) : undefined;
    await scenario(await manager.connect('tester', 'conformance', { auth }));
  } finally {
    await manager.close({ terminate: true });
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

// The command-line client that the official conformance suite drives: one scenario a run, the server's URL as last argument.
import { pathToFileURL } from 'node:url';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../pkg/node.js', import.meta.url);
const { default: init, McpManager } = await import(packageEntry);

const scenarios = {
  initialize: async (session) => {
    await session.listTools();
  },

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
    session.setRequestHandler('elicitation/create', ({ params }) => ({
      action: 'accept',
      content: defaultsOf(params.requestedSchema),
    }));
    await session.listTools();
    await session.callTool({ name: 'test_client_elicitation_defaults', arguments: {} });
  },
};

const capabilities = { 'elicitation-sep1034-client-defaults': { elicitation: { form: {} } } };

/** The default value of every field that has one. */
function defaultsOf(schema) {
  const fields = Object.entries(schema?.properties ?? {});
  return Object.fromEntries(fields.filter(([, field]) => field.default !== undefined).map(([name, field]) => [name, field.default]));
}

async function main() {
  const url = process.argv.at(-1);
  const name = process.env.MCP_CONFORMANCE_SCENARIO;
  const scenario = Object.hasOwn(scenarios, name ?? '') ? scenarios[name] : undefined;
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
    await scenario(await manager.connect('tester', 'conformance'));
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

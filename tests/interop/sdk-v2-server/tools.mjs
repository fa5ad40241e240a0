// The tools, the resource and the prompt of the server with the official SDK v2; those of the servers in other
// languages are the same.
import { setTimeout as wait } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/server';
import { note } from '../journal.mjs';

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const schema = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const string = { type: 'string' };
const number = { type: 'number' };

const tools = {
  echo: {
    description: 'Answers with the text it was given.',
    annotations: { readOnlyHint: true },
    inputSchema: schema({ text: string }),
    run: ({ text: given }) => text(given),
  },
  progress: {
    description: 'Reports its progress, step by step.',
    inputSchema: schema({ steps: number }),
    run: tellProgress,
  },
  slow: {
    description: 'Runs for a while, and stops when it is cancelled. Not safe to run twice.',
    inputSchema: schema({ key: string, ms: number }),
    run: runSlowly,
  },
  count: {
    description: 'Counts. Not safe to run twice: the journal has every run.',
    inputSchema: schema({ key: string }),
    run: ({ key }) => {
      note({ did: 'call', tool: 'count', key });
      note({ did: 'done', tool: 'count', key });
      return text(key);
    },
  },
  notify: {
    description: 'Sends a log message and a notification that the tools changed.',
    inputSchema: schema({}),
    run: async (_arguments, { mcpReq }, toolsChanged) => {
      await mcpReq.notify({ method: 'notifications/message', params: { level: 'error', data: 'a log message' } });
      toolsChanged?.();
      return text('sent');
    },
  },
};

/** @param {() => void} [toolsChanged] notifies subscribers, in the revision that has no sessions */
export function buildServer(toolsChanged) {
  const server = new Server(
    { name: 'interop-sdk-v2-server', version: '1.0.0' },
    {
      capabilities: { tools: { listChanged: true }, resources: {}, prompts: {}, logging: {} },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.entries(tools).map(([name, { run, ...tool }]) => ({ name, ...tool })),
  }));
  server.setRequestHandler('tools/call', ({ params }, context) =>
    tools[params.name].run(params.arguments ?? {}, context, toolsChanged),
  );
  server.setRequestHandler('resources/list', () => ({ resources: [{ uri: 'test://text', name: 'text' }] }));
  server.setRequestHandler('prompts/list', () => ({
    prompts: [{ name: 'greeting', description: 'Greets the world.' }],
  }));
  return server;
}

async function tellProgress({ steps }, { mcpReq }) {
  const token = mcpReq._meta?.progressToken;
  for (let step = 1; step <= steps; step += 1) {
    await wait(20);
    if (token === undefined) continue;
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken: token, progress: step, total: steps },
    });
  }
  return text(`${steps} steps`);
}

async function runSlowly({ key, ms }, { mcpReq }) {
  note({ did: 'call', tool: 'slow', key });
  const ended = await wait(ms, 'done', { signal: mcpReq.signal }).catch(() => 'cancelled');
  note({ did: ended, tool: 'slow', key });
  return text(ended);
}

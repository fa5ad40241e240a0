// The tools, the one resource and the one prompt of the modern server (2026-07-28).
import { setTimeout as wait } from 'node:timers/promises';
import { inputRequired } from '@modelcontextprotocol/server';

export const counterUri = 'test://counter';

const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});
const object = (properties = {}) => ({ type: 'object', properties });

const nameForm = {
  mode: 'form',
  message: 'What is your name?',
  requestedSchema: {
    type: 'object',
    properties: { name: { type: 'string', default: 'unnamed' }, age: { type: 'integer' } },
  },
};
const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'Hm?' } }], maxTokens: 9 };

/**
 * The tools by name. `run` gets the arguments, the SDK's request context, and the server's shared state: `{ counts,
 * notify }`.
 */
export const tools = {
  echo: {
    description: 'Answers with the text it was given.',
    annotations: { readOnlyHint: true },
    inputSchema: object({ text: { type: 'string' } }),
    run: ({ text: given }) => text(given),
  },
  route: {
    description: 'Its region is mirrored into a header.',
    annotations: { idempotentHint: true },
    inputSchema: object({
      region: { type: 'string', 'x-mcp-header': 'Region' },
      size: { type: 'integer', 'x-mcp-header': 'Size' },
    }),
    run: ({ region, size }, { http }) =>
      text({
        region,
        size,
        header: http.req.headers.get('mcp-param-region'),
        sizeHeader: http.req.headers.get('mcp-param-size'),
      }),
  },
  increment: {
    description: 'Counts up. Not safe to run twice: the count shows every run.',
    inputSchema: object({ key: { type: 'string' } }),
    run: ({ key = 'default' }, _context, { counts, notify }) => {
      counts.executions[key] = (counts.executions[key] ?? 0) + 1;
      notify.resourceUpdated(counterUri);
      return text(String(counts.executions[key]));
    },
  },
  slow: {
    description: 'Runs for a while, and reports its progress when asked to.',
    inputSchema: object({ ms: { type: 'number' }, key: { type: 'string' } }),
    run: runSlowly,
  },
  fail: {
    description: 'Answers with a tool error whose text could be taken for a lost session.',
    inputSchema: object(),
    run: () => ({ ...text('session not found'), isError: true }),
  },
  ask: {
    description: 'Asks for a name, a sample and the roots at once, and then for a final input.',
    inputSchema: object(),
    run: askTwice,
  },
  log: {
    description: 'Logs a line.',
    inputSchema: object(),
    run: async (_arguments, { mcpReq }) => {
      await mcpReq.log('error', 'a log message', 'test');
      return text('logged');
    },
  },
  change: {
    description: 'Notifies that tools, prompts and resources changed.',
    inputSchema: object(),
    run: (_arguments, _context, { notify }) => {
      notify.toolsChanged();
      notify.promptsChanged();
      notify.resourcesChanged();
      return text('notified');
    },
  },
};

/** The one prompt. */
export const prompt = {
  name: 'greeting',
  description: 'Greets by name.',
  arguments: [{ name: 'name', description: 'whom to greet', required: true }],
  messages: ({ name = 'world' } = {}) => [{ role: 'user', content: { type: 'text', text: `Say hello to ${name}.` } }],
};

async function runSlowly({ ms, key }, { mcpReq }, { counts }) {
  const { _meta, signal } = mcpReq;
  const steps = Math.max(1, Math.min(10, Math.floor(ms / 20)));
  try {
    for (let step = 1; step <= steps; step += 1) {
      await wait(ms / steps, undefined, { signal });
      const params = { progressToken: _meta?.progressToken, progress: step, total: steps };
      if (_meta?.progressToken !== undefined) await mcpReq.notify({ method: 'notifications/progress', params });
    }
  } catch (error) {
    counts.aborted += 1;
    throw error;
  }
  if (key !== undefined) counts.executions[key] = (counts.executions[key] ?? 0) + 1;
  return text(`took ${ms} ms`);
}

function askTwice(_arguments, { mcpReq }) {
  const answers = mcpReq.inputResponses;
  if (!answers) {
    return inputRequired({
      inputRequests: {
        name: inputRequired.elicit(nameForm),
        sample: inputRequired.createMessage(sampling),
        roots: inputRequired.listRoots(),
      },
      requestState: 'round one: ünïcödé "quoted" \\ and \u{1f511}',
    });
  }
  if (!answers.last) {
    return inputRequired({
      inputRequests: { last: inputRequired.elicit({ ...nameForm, message: 'Sure?' }) },
      requestState: JSON.stringify(answers),
    });
  }
  return text({ first: JSON.parse(mcpReq.requestState()), last: answers.last });
}

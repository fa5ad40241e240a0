// The tools, the one resource and the one prompt of the official SDK's test server.
import { setTimeout as wait } from 'node:timers/promises';

export const counterUri = 'test://counter';

const objectSchema = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

/**
 * The tools by name. `run` gets the arguments, the SDK's request context and the session
 * `{ server, counts, counterChanged() }`.
 */
export const tools = {
  echo: {
    // Accepts either name: the reference server's tool calls its text `message`.
    description: 'Answers with the text it was given.',
    annotations: { readOnlyHint: true },
    inputSchema: objectSchema({ text: { type: 'string' }, message: { type: 'string' } }, []),
    run: ({ text: given, message = given }) => text(message),
  },
  add: {
    description: 'Adds two numbers.',
    annotations: { idempotentHint: true },
    inputSchema: objectSchema({ a: { type: 'number' }, b: { type: 'number' } }),
    run: ({ a, b }) => text(a + b),
  },
  increment: {
    description: 'Counts up. Not safe to run twice: the count shows every run.',
    inputSchema: objectSchema({ key: { type: 'string' } }, []),
    run: ({ key = 'default' }, _context, session) => {
      session.counts.executions[key] = (session.counts.executions[key] ?? 0) + 1;
      session.counterChanged();
      return text(session.counts.executions[key]);
    },
  },
  slow: {
    description: 'Runs for a while, and reports its progress when asked to.',
    inputSchema: objectSchema({ ms: { type: 'number' }, key: { type: 'string' } }, ['ms']),
    run: runSlowly,
  },
  fail: {
    description: 'Answers with a tool error whose text could be taken for a lost session.',
    inputSchema: objectSchema({}),
    run: () => ({ ...text('file not found: session'), isError: true }),
  },
  ask: {
    description: 'Asks the user for a name through the client.',
    inputSchema: objectSchema({}),
    run: askForName,
  },
  big: {
    description: 'Answers with text of the given size.',
    annotations: { readOnlyHint: true },
    inputSchema: objectSchema({ bytes: { type: 'number' } }),
    run: ({ bytes }) => text('x'.repeat(bytes)),
  },
  flood: {
    description: 'Sends log messages, by number and size: on the stream of the call, or on the GET stream.',
    annotations: { readOnlyHint: true },
    inputSchema: objectSchema({ count: { type: 'number' }, bytes: { type: 'number' }, aside: { type: 'boolean' } }, [
      'count',
      'bytes',
    ]),
    run: flood,
  },
  notify: {
    description: 'Sends a log message and a notification that the tools changed.',
    inputSchema: objectSchema({}),
    run: async (_arguments, _context, { server }) => {
      await server.sendLoggingMessage({ level: 'error', logger: 'test', data: 'a log message' });
      await server.sendToolListChanged();
      return text('sent');
    },
  },
};

/** The tools of the first screen of the demo page: one reads, one must not run twice. */
export const shopTools = {
  stock: {
    description: 'How many are left of what an order needs.',
    annotations: { readOnlyHint: true },
    inputSchema: objectSchema({ order: { type: 'string' } }),
    run: ({ order }) => text(`In stock for order ${order}.`),
  },
  charge: {
    description: 'Charges the card of an order. Must not run twice.',
    inputSchema: objectSchema({ order: { type: 'string' } }),
    run: ({ order }) => text(`Charged for order ${order}.`),
  },
};

/** The one prompt. */
export const prompt = {
  name: 'greeting',
  description: 'Greets by name.',
  arguments: [{ name: 'name', description: 'whom to greet', required: true }],
  messages: ({ name = 'world' } = {}) => [{ role: 'user', content: { type: 'text', text: `Say hello to ${name}.` } }],
};

async function runSlowly({ ms, key }, context, session) {
  const token = context._meta?.progressToken;
  const steps = Math.max(1, Math.min(10, Math.floor(ms / 20)));
  for (let step = 1; step <= steps; step += 1) {
    await wait(ms / steps, undefined, { signal: context.signal });
    if (token === undefined) continue;
    await context.sendNotification({
      method: 'notifications/progress',
      params: { progressToken: token, progress: step, total: steps, message: `step ${step} of ${steps}` },
    });
  }
  if (key !== undefined) session.counts.executions[key] = (session.counts.executions[key] ?? 0) + 1;
  return text(`took ${ms} ms`);
}

async function flood({ count, bytes, aside = false }, context, { server }) {
  const padding = 'x'.repeat(bytes);
  for (let turn = 1; turn <= count; turn += 1) {
    const params = { level: 'error', logger: 'flood', data: { turn, padding } };
    if (aside) await server.sendLoggingMessage(params);
    else await context.sendNotification({ method: 'notifications/message', params });
    await wait(0); // so that other requests get a turn
  }
  return text(`sent ${count}`);
}

async function askForName(_arguments, context, { server }) {
  const answer = await server.elicitInput(
    {
      mode: 'form',
      message: 'What is your name?',
      requestedSchema: objectSchema({ name: { type: 'string', default: 'unnamed' } }, []),
    },
    { signal: context.signal },
  );
  return text(answer.action === 'accept' ? `hello ${answer.content?.name}` : answer.action);
}

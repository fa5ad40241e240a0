// Tools of the simulated server: a read-only one, an idempotent one, one that must not run twice, and a slow one.
// @ts-check

/** @type {(properties: object, required?: string[]) => object} */
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required });
/** @type {(value: unknown) => object} */
const text = (value) => ({ content: [{ type: 'text', text: String(value) }] });

/** @typedef {{ message?: string, a?: number, b?: number, seconds?: number, order?: string }} Given the arguments of a call */
/** @typedef {{ memory: { counter: number }, progress: (done: number, of: number) => void, signal: AbortSignal }} Context */
/**
 * @typedef {{
 *   description: string,
 *   annotations?: object,
 *   inputSchema: object,
 *   run: (given: Given, context: Context) => object | Promise<object>,
 * }} Tool
 */

/**
 * By name; `run` gets the arguments and `{ memory, progress(done, of), signal }`.
 * @type {Record<string, Tool>}
 */
export const tools = {
  echo: {
    description: 'Returns its message.',
    annotations: { readOnlyHint: true },
    inputSchema: object({ message: { type: 'string' } }),
    run: ({ message }) => text(`Echo: ${message}`),
  },
  add: {
    description: 'Adds two numbers. Safe to run twice.',
    annotations: { idempotentHint: true },
    inputSchema: object({ a: { type: 'number' }, b: { type: 'number' } }),
    run: ({ a = 0, b = 0 }) => text(`${a} + ${b} = ${a + b}`),
  },
  count: {
    description: 'Increments a counter. Must not run twice.',
    inputSchema: object({}),
    run(_arguments, { memory }) {
      memory.counter += 1;
      return text(`The counter is ${memory.counter}.`);
    },
  },
  stock: {
    description: 'How many are left of what an order needs.',
    annotations: { readOnlyHint: true },
    inputSchema: object({ order: { type: 'string' } }),
    run: ({ order }) => text(`In stock for order ${order}.`),
  },
  charge: {
    description: 'Charges the card of an order. Must not run twice.',
    inputSchema: object({ order: { type: 'string' } }),
    run: ({ order }) => text(`Charged for order ${order}.`),
  },
  slow: {
    description: 'Takes two seconds and reports progress.',
    annotations: { readOnlyHint: true },
    inputSchema: object({ seconds: { type: 'number', default: 2 } }, []),
    run: runSlowly,
  },
};

export const definitions = Object.entries(tools).map(([name, { run, ...definition }]) => ({ name, ...definition }));

/** @param {Given} given @param {Context} context */
async function runSlowly({ seconds = 2 }, { progress, signal }) {
  const steps = 8;
  for (let step = 1; step <= steps; step += 1) {
    await pause((seconds * 1000) / steps, signal);
    progress(step, steps);
  }
  return text(`Done after ${seconds} s.`);
}

/**
 * Waits, or throws when the call is cancelled.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

// The calls made while a server is out of reach. It runs in any host of a client: Node, a page, a Worker.

const settle = (promise) => promise.then(() => 'result', nameOf);

/** A short name for an error. */
export function nameOf(error) {
  if (error.name === 'McpError' && typeof error.code === 'string') return error.code;
  const text = String(error.message).replace(/\s+/g, ' ');
  return text.length > 34 ? `"${text.slice(0, 33)}…"` : `"${text}"`;
}

const many = (count, start) => Promise.all(Array.from({ length: count }, (_, index) => settle(start(index))));

/**
 * Lists and calls of a read-only tool begin at once; calls of a tool that must not run twice begin half a second later,
 * and not before `noticed`.
 * @param {{ list(): Promise<unknown>, call(name: string, args: object): Promise<unknown> }} client
 * @returns {Promise<{ list: string[], read: string[], unsafe: string[] }>} `result`, or the name of an error, for each call
 */
export async function crowd(client, { each = 20, noticed = undefined } = {}) {
  const list = many(each, () => client.list());
  const read = many(each, (index) => client.call('safe', { key: `read ${index}` }));
  await Promise.all([new Promise((resolve) => setTimeout(resolve, 500)), noticed]);
  const unsafe = many(each, (index) => client.call('unsafe', { key: `unsafe ${index}` }));
  return { list: await list, read: await read, unsafe: await unsafe };
}

// Raw requests to the gateway, for what a client library would not send.

const acceptBoth = 'application/json, text/event-stream';
export const initializeParams = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'bare', version: '1' },
};

/** Sends requests to one endpoint as one user. */
export function sender(url, token = 'token-of-ada') {
  const send = (method, { headers = {}, body, path } = {}) => {
    const all = new Headers({ Authorization: `Bearer ${token}`, Accept: acceptBoth });
    if (body !== undefined) all.set('Content-Type', 'application/json');
    for (const [name, value] of Object.entries(headers))
      if (value === undefined) all.delete(name);
      else all.set(name, value);
    return fetch(path ? new URL(path, url) : url, {
      method,
      headers: all,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      duplex: 'half',
    });
  };
  const rpc = (method, params, id = 1) => ({ jsonrpc: '2.0', id, method, params });
  return {
    send,
    rpc,
    /** Opens a session and returns its id. */
    async open(params = initializeParams, headers = {}) {
      const response = await send('POST', { body: rpc('initialize', params, 0), headers });
      const session = response.headers.get('mcp-session-id');
      if (!session) throw new Error(`initialize: ${response.status} ${await response.text()}`);
      await response.text();
      await send('POST', {
        headers: { 'Mcp-Session-Id': session },
        body: { jsonrpc: '2.0', method: 'notifications/initialized' },
      });
      return session;
    },
    call: (session, name, args = {}, { id = 1, headers = {}, meta } = {}) =>
      send('POST', {
        headers: { 'Mcp-Session-Id': session, ...headers },
        body: rpc('tools/call', { name, arguments: args, ...(meta && { _meta: meta }) }, id),
      }),
  };
}

/** Reads a stream until its text matches, and returns that. A stream that has ended before would be read without end. */
export async function readUntil(reader, pattern) {
  const decoder = new TextDecoder();
  let seen = '';
  while (!pattern.test(seen)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream has ended before ${pattern}: ${seen}`);
    seen += decoder.decode(value, { stream: true });
  }
  return seen;
}

/** The events of a stream, as `{ id, data }`, with `data` parsed if there is any; comments are left out. */
export async function* eventsOf(response) {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .filter((line) => !line.startsWith(':'))
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      if (Object.keys(fields).length > 0)
        yield { id: fields.id, data: fields.data ? JSON.parse(fields.data) : undefined };
    }
  }
}

/** The one message of a response, JSON or stream. */
export async function messageOf(response) {
  if (!response.headers.get('content-type').includes('event-stream')) return response.json();
  for await (const { data } of eventsOf(response)) if (data && data.method === undefined) return data;
  return undefined;
}

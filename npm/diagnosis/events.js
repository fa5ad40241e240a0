// Reads an event stream (HTML Standard, Server-sent events) for the diagnosis: event names and data, without ids.
// @ts-check

const longestLine = 1024 * 1024;

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {string[]} [strange] gets the first line that no event stream has
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* eventsOf(body, strange = []) {
  let event = '';
  /** @type {string[]} */
  let data = [];
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      continue;
    }
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
    if (strange.length === 0 && !/^(event|data|id|retry)?(:|$)/.test(line)) strange.push(line);
  }
}

/** @param {ReadableStream<Uint8Array>} body */
async function* linesOf(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder(); // strips a byte order mark
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      // Of what is not an event stream, the end may have no line break.
      if (rest.startsWith('{')) yield rest;
      return;
    }
    rest += decoder.decode(value, { stream: true });
    // A carriage return at the end may be the first half of CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > longestLine)
      throw new Error(`a line of the event stream is longer than ${longestLine} characters`);
    yield* lines;
  }
}

// Reads an event stream (HTML Standard, Server-sent events) for the diagnosis: event names and data, without ids.
// @ts-check

/** Characters of one message: the client's default for `maxMessageBytes`. */
export const longest = 16 * 1024 * 1024;

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {string[]} [strange] gets the first line that no event stream has
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* eventsOf(body, strange = []) {
  let event = '';
  /** @type {string[]} */
  let data = [];
  let size = 0;
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
      event = '';
      data = [];
      size = 0;
      continue;
    }
    size += line.length;
    if (size > longest) throw new RangeError();
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
  let isHalf = false; // the last chunk ended with a carriage return, perhaps the first half of CRLF
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      // Of what is not an event stream, the end may have no line break.
      if (rest.startsWith('{')) yield rest;
      return;
    }
    const text = decoder.decode(value, { stream: true });
    const [first = '', ...lines] = (isHalf && text.startsWith('\n') ? text.slice(1) : text).split(/\r\n|\n|\r/);
    if (text) isHalf = text.endsWith('\r');
    rest += first;
    if (rest.length > longest) throw new RangeError();
    for (const line of lines) {
      yield rest;
      rest = line;
    }
  }
}

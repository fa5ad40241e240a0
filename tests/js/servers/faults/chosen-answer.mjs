// Answers chosen by the client's URL: `?status=…&words=…&form=…&code=…`.

const forms = {
  text: (exchange, { status, words }) => exchange.say(status, words),
  html: (exchange, { status, words }) => exchange.say(status, `<html><h1>${words}</h1></html>`, { type: 'text/html' }),
  /** JSON with an error, as web frameworks write it. */
  framework: (exchange, { status, words }) =>
    exchange.say(status, JSON.stringify({ error: { message: words } }), { type: 'application/json' }),
  /** A JSON-RPC error that answers no request. */
  rpc: (exchange, { status, code, words }) => exchange.refuse(status, code, words),
  /** A JSON-RPC error with the id of the request; a notification has none. */
  own: (exchange, { status, code, words }) =>
    exchange.refuse(status, code, words, { id: exchange.message?.id ?? null }),
  /** The same with the id as a string, as gateways write it. */
  echoed: (exchange, { status, code, words }) =>
    exchange.refuse(status, code, words, { id: String(exchange.message?.id) }),
};

/**
 * @param {import('./exchange.mjs').Exchange} exchange
 * @param {{ status?: number, words?: string, form?: string, code?: number }} [otherwise] defaults for what the URL leaves out
 */
export function giveChosenAnswer(exchange, otherwise = {}) {
  const { status = 500, words = '', form = 'text', code = -32000 } = otherwise;
  return forms[exchange.text('form', form)](exchange, {
    status: exchange.number('status', status),
    words: exchange.text('words', words),
    code: exchange.number('code', code),
  });
}

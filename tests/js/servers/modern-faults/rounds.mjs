// Requests that need input from the client first: `input_required`, and the same request again with the input.

const form = (message = 'Who are you?') => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { name: { type: 'string', default: 'unnamed' } } },
  },
});
const sampling = {
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: 'Hm?' } }], maxTokens: 9 },
};
const roots = { method: 'roots/list' };
const url = { method: 'elicitation/create', params: { mode: 'url', message: 'Sign in.', url: 'https://example.com' } };

/** States that a client must return byte for byte: `?state=…`. */
export const states = {
  plain: 'state-1',
  empty: '',
  unicode: 'ünïcödé \u{1f511} \u0000\u2028\ud83d"quotes" \\u0041 \\n',
  json: '{"b":1,"a":[2.0,1e3],"__proto__":{"x":1}}',
  spaces: '  \t two\r\nlines  ',
  long: 'x'.repeat(100_000),
};

/** By path. The contents of each retry are in the counts, under `rounds`. */
export const rounds = {
  /** `?n=…` rounds, each with a state of its own, and then the tool runs. `?state=none`: without states. */
  rounds: {
    'tools/call': (exchange) =>
      ask(exchange, (round) => ({ inputRequests: { [`q${round}`]: form(`round ${round}`) } })),
    'prompts/get': (exchange) =>
      ask(exchange, (round) => ({ inputRequests: { [`q${round}`]: form() } }), { messages: [] }),
    'resources/read': (exchange) =>
      ask(exchange, (round) => ({ inputRequests: { [`q${round}`]: form() } }), {
        contents: [],
        ttlMs: 60_000,
        cacheScope: 'public',
      }),
  },
  /** No input is required: the request is to be sent again. */
  'state-only': { 'tools/call': (exchange) => ask(exchange, () => ({})) },
  'several-inputs': {
    'tools/call': (exchange) => ask(exchange, () => ({ inputRequests: { form: form(), sampling, roots } })),
  },
  'url-input': { 'tools/call': (exchange) => ask(exchange, () => ({ inputRequests: { url } })) },
  'endless-rounds': {
    'tools/call': (exchange) => ask(exchange, () => ({ inputRequests: { q: form() } }), undefined, Infinity),
  },
  'endless-states': { 'tools/call': (exchange) => ask(exchange, () => ({}), undefined, Infinity) },
  /** Neither of the two required fields. */
  'nothing-asked': { 'tools/call': () => ({ resultType: 'input_required' }) },
  'unknown-input': {
    'tools/call': (exchange) => ask(exchange, () => ({ inputRequests: { q: { method: 'vendor/dream', params: {} } } })),
  },
  /** The last round runs the tool, and its stream is cut. */
  'rounds-cut': {
    async 'tools/call'(exchange) {
      if (!exchange.message.params.inputResponses) return ask(exchange, () => ({ inputRequests: { q: form() } }));
      note(exchange);
      exchange.openStream();
      exchange.execute();
      await exchange.cut();
      return undefined;
    },
  },
};

function note({ message, place }) {
  const { arguments: given, inputResponses, requestState } = message.params;
  place.counts.rounds ??= [];
  place.counts.rounds.push({ id: message.id, arguments: given, inputResponses, requestState });
}

/** Requires a number of rounds and then executes the call. Each call of a tool counts its own rounds by its key. */
function ask(exchange, question, result, most = exchange.number('n', 1)) {
  const { message, place } = exchange;
  const { inputResponses, requestState, arguments: { key = 'default' } = {} } = message.params;
  place.asked ??= new Map();
  const { asked } = place;
  const isRetry = inputResponses !== undefined || requestState !== undefined;
  const round = isRetry ? (asked.get(key) ?? 0) : 0;
  if (isRetry) note(exchange);
  if (round >= most) {
    asked.delete(key);
    return result ?? exchange.execute();
  }
  asked.set(key, round + 1);
  const state = exchange.text('state', 'plain');
  const given = state === 'none' ? {} : { requestState: states[state] + (state === 'plain' ? `/${round}` : '') };
  return { resultType: 'input_required', ...question(round + 1), ...given };
}

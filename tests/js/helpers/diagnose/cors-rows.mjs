// Each CORS rule broken in turn, and the sentences that have to name it: read from responses in Node, found by
// elimination in a page.
import { goodRules } from '../../servers/cors-gate.mjs';

const without = (list, name) => list.filter((other) => other.toLowerCase() !== name.toLowerCase());
const lacksHeader = (name, refusal) => ({
  rules: { allowHeaders: without(goodRules.allowHeaders, name), refusal },
  fix: `Access-Control-Allow-Headers lacks ${name}: add it to the response to OPTIONS.`,
});
const hidesOrigin = (where, isHidden, more = {}) => ({
  rules: { allowOrigin: (answer) => (isHidden(answer) ? undefined : answer.origin) },
  fix: (origin) => `Access-Control-Allow-Origin is missing on ${where}: send ${origin} or * there, too.`,
  ...more,
});
const refusedPreflight = (seen) =>
  `The preflight request is rejected${seen ? ` (response to OPTIONS: ${seen})` : ''}: ` +
  'answer OPTIONS with 204 and Access-Control-Allow-Origin, before authentication and routing.';
const everyAnswer = (origin) =>
  `Access-Control-Allow-Origin is missing on every response: send ${origin} or * there, too.`;
const onOptions = (origin) =>
  `Access-Control-Allow-Origin is missing on responses to OPTIONS: send ${origin} or * there, too.`;

/** `fix` is the result of both; `page` and `open` where a page sees less than Node. */
export const corsRows = {
  'nothing is missing': { rules: {}, fix: undefined },
  'a server that allows every origin': {
    rules: { allowOrigin: () => '*', allowHeaders: ['*', 'Authorization'], allowMethods: ['*'], exposeHeaders: ['*'] },
    fix: undefined,
  },
  'content-type is not allowed': lacksHeader('content-type'),
  'authorization is not allowed': lacksHeader('authorization'),
  'authorization is not covered by the asterisk': {
    rules: { allowHeaders: ['*'] },
    page: undefined, // Chromium is more lenient than the Fetch Standard, Firefox is not
    open: 'Access-Control-Allow-Headers lacks authorization: add it to the response to OPTIONS.',
  },
  "the user's own header is not allowed": lacksHeader('x-user'),
  'mcp-session-id is not allowed': lacksHeader('mcp-session-id'),
  'mcp-protocol-version is not allowed': lacksHeader('mcp-protocol-version'),
  'last-event-id is not allowed': lacksHeader('last-event-id'),
  'DELETE is not allowed': {
    rules: { allowMethods: ['GET', 'POST'] },
    fix: 'Access-Control-Allow-Methods lacks DELETE: add it to the response to OPTIONS.',
  },
  'a header is not allowed, and its preflight has no CORS headers (rs/cors, go-chi)': lacksHeader(
    'mcp-session-id',
    200,
  ),
  'a header is not allowed, and its preflight is refused (Spring)': lacksHeader('last-event-id', 403),
  'DELETE is not allowed, and its preflight has no CORS headers (rs/cors, go-chi)': {
    rules: { allowMethods: ['GET', 'POST'], refusal: 200 },
    fix: 'Access-Control-Allow-Methods lacks DELETE: add it to the response to OPTIONS.',
  },
  'the session id is not exposed': {
    rules: { exposeHeaders: [] },
    fix: 'Access-Control-Expose-Headers lacks Mcp-Session-Id: add it to the responses themselves (not only to OPTIONS).',
  },
  'answers to GET have no origin': hidesOrigin('responses to GET', ({ method }) => method === 'GET'),
  'answers to DELETE have no origin': hidesOrigin('responses to DELETE', ({ method }) => method === 'DELETE'),
  'answers to POST have no origin': hidesOrigin('responses to POST', ({ method }) => method === 'POST'),
  '404 answers have no origin': hidesOrigin('404 responses', ({ status }) => status === 404),
  'no answer has an origin': {
    ...hidesOrigin('every response', () => true),
    open: (origin) => [onOptions(origin), everyAnswer(origin)].join(' '),
  },
  'only the answer to OPTIONS has none': hidesOrigin('responses to OPTIONS', ({ method }) => method === 'OPTIONS', {
    page: refusedPreflight(),
  }),
  'the origin is another': {
    rules: { allowOrigin: () => 'https://elsewhere.example' },
    page: everyAnswer,
    open: (origin) =>
      ['responses to OPTIONS', 'every response']
        .map(
          (where) => `Access-Control-Allow-Origin is https://elsewhere.example on ${where}: it must be ${origin} or *.`,
        )
        .join(' '),
  },
  'OPTIONS needs a login': {
    rules: { preflight: { status: 401, headers: {} } },
    page: refusedPreflight(),
    open: refusedPreflight(401),
  },
  'OPTIONS is redirected': {
    rules: { preflight: { status: 307, headers: { Location: '/elsewhere' } } },
    page: refusedPreflight(),
    open: refusedPreflight(307),
  },
  'three things are missing at once': {
    rules: {
      exposeHeaders: [],
      allowMethods: ['GET', 'POST'],
      allowHeaders: without(goodRules.allowHeaders, 'mcp-protocol-version'),
    },
    page: [
      'Access-Control-Expose-Headers lacks Mcp-Session-Id: add it to the responses themselves (not only to OPTIONS).',
      'Access-Control-Allow-Headers lacks mcp-protocol-version: add it to the response to OPTIONS.',
      'Access-Control-Allow-Methods lacks DELETE: add it to the response to OPTIONS.',
    ].join(' '),
    open: [
      'Access-Control-Allow-Headers lacks mcp-protocol-version: add it to the response to OPTIONS.',
      'Access-Control-Allow-Methods lacks DELETE: add it to the response to OPTIONS.',
      'Access-Control-Expose-Headers lacks Mcp-Session-Id: add it to the responses themselves (not only to OPTIONS).',
    ].join(' '),
  },
};

/** The sentences expected of a row, for an origin. */
export function expected(row, where, origin) {
  const fix = where in row ? row[where] : row.fix;
  return typeof fix === 'function' ? fix(origin) : fix;
}

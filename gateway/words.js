// Errors of the package, for those who use a gateway: what they name of its JavaScript interface is a setting here, or nothing.
// @ts-check

/** @type {[from: string | RegExp, to: string][]} */
const PHRASES = [
  [
    'set it in the vars option of connect()',
    'set it in the "vars" of this user in BEARER_TOKENS, or let the token have a claim of this name',
  ],
  ['userId: must not be empty', 'the name of this user in BEARER_TOKENS is empty: give it one'],
  [/^options\.(clientInfo|capabilities)/, 'params.$1'],
  ['the application ended the session; call connect() for a new one', 'the session has ended: send initialize'],
  ['the application ended the session', 'the session has ended'],
  ['the manager is closed', 'the session is closed'],
  ['request.method: must not be initialize: connect() sends it', 'the session is initialized already'],
  ['options.fetch failed (see cause); the request', 'the request failed unexpectedly; it'],
  [' (limits.maxQueued)', ''],
  ['limits.maxMessageBytes', '16 MiB'], // its default, which the gateway keeps
  [', see docs/toolchains.md#stdio', ''],
];

/** @param {string} text @returns {string} */
export function gatewayWords(text) {
  return PHRASES.reduce((said, [from, to]) => said.replace(from, to), text);
}

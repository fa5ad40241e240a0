// Checks of arguments for the small entries: TypeScript finds most of these mistakes before, JavaScript only later and elsewhere.
// @ts-check

/**
 * @param {object | undefined} value
 * @param {string} method that the right argument has
 * @param {string} message
 */
export function mustHave(value, method, message) {
  const members = /** @type {Record<string, unknown> | undefined} */ (value);
  if (typeof members?.[method] !== 'function') throw new TypeError(message);
}

/** @param {object | undefined} manager */
export function mustBeManager(manager) {
  mustHave(manager, 'getSessionInfo', 'the first argument must be an McpManager');
}

// The only error class of the package, in JavaScript because a class made by wasm-bindgen cannot extend Error.
// @ts-check

const brand = Symbol.for('mcp-tether.McpError');
const optionalFields = /** @type {const} */ (['serverName', 'status', 'rpcCode', 'data', 'retryAfterMs', 'evidence']);

export class McpError extends Error {
  /**
   * @param {string} message
   * @param {ConstructorParameters<typeof import('./index.js').McpError>[1]} fields
   */
  constructor(message, fields) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined);
    /** @type {Record<string, unknown>} */
    const own = { code: fields.code, retryable: fields.retryable === true };
    for (const name of optionalFields) {
      if (fields[name] !== undefined) own[name] = fields[name];
    }
    for (const [name, value] of Object.entries(own)) {
      Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
}

const { prototype } = McpError;
// On the prototype, as the name of every built-in error is, and safe from a minifier.
Object.defineProperty(prototype, 'name', { value: 'McpError', configurable: true, writable: true });
// Each entry that a page loads is one file with a class of its own; an error of one is an error of the other.
Object.defineProperty(prototype, brand, { value: true });
Object.defineProperty(McpError, Symbol.hasInstance, {
  /** @param {any} value */
  value(value) {
    return this === McpError ? value?.[brand] === true : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

// The one error class of the package. It is written here because a class made by wasm-bindgen cannot extend Error.

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

  /**
   * Each entry that a page loads is one file with a class of its own.
   * @override
   * @param {any} value
   */
  static [Symbol.hasInstance](value) {
    return this === McpError ? value?.[brand] === true : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

Object.defineProperty(McpError.prototype, brand, { value: true });

// On the prototype, as the name of every built-in error is, and safe from a minifier.
Object.defineProperty(McpError.prototype, 'name', { value: 'McpError', configurable: true, writable: true });

// The only error class of the package, in JavaScript because a class made by wasm-bindgen cannot extend Error.
// @ts-check

const brand = Symbol.for('mcp-tether.McpError');
const optionalFields = ['serverName', 'status', 'rpcCode', 'data', 'retryAfterMs', 'evidence'];

export class McpError extends Error {
  /** @param {string} message @param {Record<string, unknown>} fields */
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

  // Every bundled entry that a page loads has its own copy of this class.
  // biome-ignore-start lint/complexity/noThisInStatic: a subclass inherits the method, and `this` is the class on the right of `instanceof`
  /** @override @param {any} value */
  static [Symbol.hasInstance](value) {
    return this === McpError ? value?.[brand] === true : Function.prototype[Symbol.hasInstance].call(this, value);
  }
  // biome-ignore-end lint/complexity/noThisInStatic: a subclass inherits the method
}

Object.defineProperty(McpError.prototype, brand, { value: true });

// On the prototype, like the name of every built-in error, and unaffected by minifiers.
Object.defineProperty(McpError.prototype, 'name', { value: 'McpError', configurable: true, writable: true });

// Validates results of tools against their output schemas.
// @ts-check

import { McpError } from './error.js';
import { observe } from './observers.js';

/** @import { CallToolResult, ConnectOptions, McpManager, McpSession, RequestOptions, Tool } from './index.js' */
/** @import { ValidatorClass, ValidatorProvider } from './output-schema.js' */
/** @import { RelaySession } from './transport.js' */

/** @typedef {(value: unknown) => string | undefined} Validate returns the problem */
/** @typedef {string | ((result: CallToolResult, serverName: string) => void)} Check a check, or the error of its schema */
/** @typedef {{ userId: string, serverName: string }} Owner */

const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;

/** @param {McpManager} manager @param {ValidatorProvider | ValidatorClass} validator */
export function checkOutput(manager, validator) {
  const compile = compilerOf(validator);
  /** @type {Map<string, Promise<Map<string, Check>>>} */
  const checks = new Map(); // by server and user: a promise of the tools' checks, until the list of tools changes
  /** @type {(owner: Owner) => string} */
  const keyOf = ({ serverName, userId }) => JSON.stringify([serverName, userId]);
  /** @param {{ detail: Owner }} event */
  const forget = ({ detail }) => checks.delete(keyOf(detail));
  for (const type of /** @type {const} */ ([
    'toolsChanged',
    'recoverySucceeded',
    'sessionTerminated',
    'sessionExpired',
  ]))
    manager.events.addEventListener(type, forget);

  const { connect } = manager;
  /** @param {[userId: string, serverName: string, options?: ConnectOptions]} args */
  manager.connect = async function (...args) {
    const session = await connect.apply(this, args);
    const key = keyOf(session);
    const { callTool } = session;
    session.callTool = async function (params, options) {
      const check = (await checksOf(session, key, options)).get(params?.name);
      if (typeof check === 'string') fail(INVALID_PARAMS, check, session.serverName);
      const result = await callTool.call(this, params, options);
      // A task has no output at this point.
      if (check && !params.task && !result.isError) check(result, session.serverName);
      return result;
    };
    return session;
  };

  /** @param {McpSession} session @param {string} key @param {RequestOptions} [options] */
  function checksOf(session, key, options) {
    let known = checks.get(key);
    if (!known) {
      const stop = observe(/** @type {RelaySession} */ (session), ({ method }) => {
        if (method !== 'notifications/tools/list_changed') return;
        checks.delete(key);
        stop();
      });
      // Other calls wait for the same list, so the signal of this call must not cancel it.
      known = session.listTools({}, options?.timeout ? { timeout: options.timeout } : undefined).then(
        ({ tools }) => compileAll(tools, compile),
        () => {
          // The call itself will fail with the same problem.
          checks.delete(key);
          return new Map();
        },
      );
      checks.set(key, known);
    }
    return known;
  }
}

// Providers of the official SDK have a method; otherwise this is a class like that of @cfworker/json-schema.
/** @param {ValidatorProvider | ValidatorClass} validator @returns {(schema: object) => Validate} */
function compilerOf(validator) {
  const provider = /** @type {Partial<ValidatorProvider> | undefined} */ (validator);
  if (typeof provider?.getValidator === 'function') {
    const { getValidator } = /** @type {ValidatorProvider} */ (validator);
    return (schema) => {
      const validate = getValidator.call(validator, /** @type {never} */ (schema));
      return (value) => {
        const { valid, errorMessage } = validate(value);
        return valid ? undefined : (errorMessage ?? 'invalid');
      };
    };
  }
  if (typeof validator !== 'function')
    throw new McpError('validator: must be a class with validate(), or an object with getValidator()', {
      code: 'config_error',
    });
  return (schema) => {
    const compiled = new validator(/** @type {never} */ (schema), '2020-12', true);
    return (value) => {
      const { valid, errors } = compiled.validate(value);
      return valid
        ? undefined
        : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join('; ');
    };
  };
}

/** @param {Tool[]} tools @param {(schema: object) => Validate} compile */
function compileAll(tools, compile) {
  /** @type {Map<string, Check>} */
  const checks = new Map();
  for (const { name, outputSchema } of tools) {
    if (!outputSchema) continue;
    /** @type {Validate} */
    let validate;
    try {
      validate = compile(outputSchema);
    } catch (error) {
      checks.set(name, `tool '${name}' has an outputSchema that cannot be used: ${messageOf(error)}`);
      continue;
    }
    checks.set(name, ({ structuredContent }, serverName) => {
      if (structuredContent === undefined)
        fail(INVALID_REQUEST, `tool '${name}' has an outputSchema and returned no structuredContent`, serverName);
      let problem;
      try {
        problem = validate(structuredContent);
      } catch (error) {
        problem = messageOf(error);
      }
      if (problem !== undefined)
        fail(
          INVALID_PARAMS,
          `the structuredContent of tool '${name}' does not match its outputSchema: ${problem}`,
          serverName,
        );
    });
  }
  return checks;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Not retryable: the tool has run.
 * @param {number} rpcCode
 * @param {string} message
 * @param {string} serverName
 * @returns {never}
 */
function fail(rpcCode, message, serverName) {
  throw new McpError(message, { code: 'protocol_error', rpcCode, serverName, retryable: false });
}

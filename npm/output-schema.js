// Validates results of tools against their output schemas.

import { McpError } from './error.js';
import { observe } from './observers.js';

const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;

export function checkOutput(manager, validator) {
  const compile = compilerOf(validator);
  const checks = new Map(); // by server and user: a promise of the tools' checks, until the list of tools changes
  const keyOf = ({ serverName, userId }) => JSON.stringify([serverName, userId]);
  const forget = ({ detail }) => checks.delete(keyOf(detail));
  for (const type of ['toolsChanged', 'recoverySucceeded', 'sessionTerminated', 'sessionExpired'])
    manager.events.addEventListener(type, forget);

  const { connect } = manager;
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

  function checksOf(session, key, options) {
    let known = checks.get(key);
    if (!known) {
      const stop = observe(session, ({ method }) => {
        if (method !== 'notifications/tools/list_changed') return;
        checks.delete(key);
        stop();
      });
      // Other calls wait for the same list, so the signal of this call must not cancel it.
      known = session.listTools({}, options?.timeout && { timeout: options.timeout }).then(
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
function compilerOf(validator) {
  if (typeof validator?.getValidator === 'function') {
    return (schema) => {
      const validate = validator.getValidator(schema);
      return (value) => {
        const { valid, errorMessage } = validate(value);
        return valid ? undefined : errorMessage;
      };
    };
  }
  if (typeof validator !== 'function')
    throw new McpError(
      'validator: must be a class with a method validate(), or an object with a method getValidator()',
      {
        code: 'config_error',
      },
    );
  return (schema) => {
    const compiled = new validator(schema, '2020-12', true);
    return (value) => {
      const { valid, errors } = compiled.validate(value);
      return valid
        ? undefined
        : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join('; ');
    };
  };
}

function compileAll(tools, compile) {
  const checks = new Map();
  for (const { name, outputSchema } of tools) {
    if (!outputSchema) continue;
    let validate;
    try {
      validate = compile(outputSchema);
    } catch (error) {
      checks.set(name, `tool '${name}' has an outputSchema that cannot be used: ${error.message}`);
      continue;
    }
    checks.set(name, ({ structuredContent }, serverName) => {
      if (structuredContent === undefined)
        fail(INVALID_REQUEST, `tool '${name}' has an outputSchema and returned no structuredContent`, serverName);
      let problem;
      try {
        problem = validate(structuredContent);
      } catch (error) {
        problem = error.message;
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

// Not retryable: the tool has run.
function fail(rpcCode, message, serverName) {
  throw new McpError(message, { code: 'protocol_error', rpcCode, serverName, retryable: false });
}

// Calls tools: generates arguments from a schema, sends one or many calls, and summarises the results.
// @ts-check

import { explain, paragraph } from './errors.js';
import { duration } from './format.js';

/** @import { McpError, McpSession, RequestOptions } from 'mcp-tether' */
/** @import { CallOutcome, LoadOutcome, Tool, ToolProperty, ToolResult } from './types.js' */

// Of a thousand calls the last waits for all others: over HTTP/1.1 a browser sends six at a time.
const queueMs = 900_000;

/**
 * Arguments that fit a tool's schema; undefined if they cannot be generated.
 * @param {Tool} tool
 * @param {string} message
 * @returns {Record<string, unknown> | undefined}
 */
export function argumentsFor(tool, message) {
  const { properties = {}, required = [] } = tool.inputSchema ?? {};
  const names = required.length > 0 ? required : Object.keys(properties).filter((name) => name === 'message');
  /** @type {Record<string, unknown>} */
  const given = {};
  for (const name of names) {
    const value = valueFor(properties[name] ?? {}, message, Object.keys(given).length);
    if (value === undefined) return undefined;
    given[name] = value;
  }
  return given;
}

/** @param {ToolProperty} property @param {string} message @param {number} index @returns {unknown} */
function valueFor({ type, default: usual, enum: choices }, message, index) {
  if (usual !== undefined) return usual;
  if (choices) return choices[0];
  switch (type) {
    case 'string':
      return message;
    case 'number':
    case 'integer':
      return index + 2;
    case 'boolean':
      return false;
    default:
      return undefined;
  }
}

/**
 * Whether the tool is annotated as safe to run twice.
 * @param {Tool} tool
 */
export const isSafe = (tool) => Boolean(tool.annotations?.readOnlyHint || tool.annotations?.idempotentHint);

/**
 * One call: { ok, text | error, ms }. `onprogress` is called for each step.
 * @param {McpSession} session
 * @param {Tool} tool
 * @param {Record<string, unknown>} given
 * @param {RequestOptions['onprogress']} [onprogress]
 * @returns {Promise<CallOutcome>}
 */
export async function callOnce(session, tool, given, onprogress) {
  const began = performance.now();
  const since = () => performance.now() - began;
  try {
    const result = await session.callTool(
      { name: tool.name, arguments: given },
      onprogress ? { onprogress } : undefined,
    );
    return { ok: !result.isError, text: textOf(result), ms: since() };
  } catch (error) {
    return { ok: false, error, ms: since() };
  }
}

/**
 * `n` concurrent calls; checks that each gets its own result: { sent, answered, failures, ms }.
 * @param {McpSession} session
 * @param {Tool} tool
 * @param {number} n
 * @param {string} message
 * @returns {Promise<LoadOutcome>}
 */
export async function callMany(session, tool, n, message) {
  const began = performance.now();
  const settled = await Promise.allSettled(
    Array.from({ length: n }, async (_, i) => {
      const own = `${message} (${i + 1})`;
      const given = argumentsFor(tool, own) ?? {};
      const text = textOf(await session.callTool({ name: tool.name, arguments: given }, { timeout: queueMs }));
      if (Object.values(given).includes(own) && !text.includes(own))
        throw new Error(`Call ${i + 1} got the result of another call: ${text}`);
    }),
  );
  const failures = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason);
  return { sent: n, answered: n - failures.length, failures, ms: performance.now() - began };
}

/** @param {ToolResult} result */
function textOf(result) {
  return (result.content ?? []).map((part) => part.text ?? `[${part.type}]`).join(' ');
}

/**
 * Paragraphs for the outcome of one call.
 * @param {CallOutcome} outcome
 */
export function tellOne({ ok, text, error, ms }) {
  if (error) return explain(error);
  return [
    paragraph(text ?? ''),
    paragraph(`${ok ? 'Answered after' : 'The tool failed after'} ${duration(ms)}.`, true),
  ];
}

/** @param {unknown} thrown */
function kindOf(thrown) {
  const error = /** @type {Partial<McpError>} */ (thrown);
  return error.code ?? error.message;
}

/**
 * Paragraphs for the outcome of many calls: the numbers, and each kind of error once.
 * @param {LoadOutcome} outcome
 */
export function tellMany({ sent, answered, failures, ms }) {
  /** @type {(n: number) => string} */
  const number = (n) => n.toLocaleString('en');
  const kinds = [...new Map(failures.map((error) => [kindOf(error), error])).values()];
  return [
    paragraph(
      `${number(sent)} sent, ${number(answered)} answered, ${number(failures.length)} failed, in ${duration(ms)}.`,
    ),
    ...kinds.flatMap((error) => explain(error)),
  ];
}

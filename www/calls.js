// Calling tools: arguments made up from a tool's schema, one call or many at once, and what came back in a few words.

import { explain, paragraph } from './errors.js';
import { duration } from './format.js';

/** Arguments that a tool will take; undefined if it wants something that cannot be made up. */
export function argumentsFor(tool, message) {
  const { properties = {}, required = [] } = tool.inputSchema ?? {};
  const names = required.length > 0 ? required : Object.keys(properties).filter((name) => name === 'message');
  const given = {};
  for (const name of names) {
    const value = valueFor(properties[name] ?? {}, message, Object.keys(given).length);
    if (value === undefined) return undefined;
    given[name] = value;
  }
  return given;
}

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

/** Whether a second run of the tool does no harm, as it says itself. */
export const isSafe = (tool) => Boolean(tool.annotations?.readOnlyHint || tool.annotations?.idempotentHint);

/** One call: { ok, text | error, ms }. `onprogress` is told each step. */
export async function callOnce(session, tool, given, onprogress) {
  const began = performance.now();
  const outcome = await session
    .callTool({ name: tool.name, arguments: given }, onprogress ? { onprogress } : undefined)
    .then(
      (result) => ({ ok: !result.isError, text: textOf(result) }),
      (error) => ({ ok: false, error }),
    );
  return { ...outcome, ms: performance.now() - began };
}

/** `n` calls at once; each has to bring its own answer: { sent, answered, failures, ms }. */
export async function callMany(session, tool, n, message) {
  const began = performance.now();
  const settled = await Promise.allSettled(
    Array.from({ length: n }, async (_, i) => {
      const own = `${message} (${i + 1})`;
      const given = argumentsFor(tool, own);
      const text = textOf(await session.callTool({ name: tool.name, arguments: given }));
      if (Object.values(given).includes(own) && !text.includes(own))
        throw new Error(`The answer to call ${i + 1} is another call's: ${text}`);
    }),
  );
  const failures = settled.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  return { sent: n, answered: n - failures.length, failures, ms: performance.now() - began };
}

export function textOf(result) {
  return (result.content ?? []).map((part) => part.text ?? `[${part.type}]`).join(' ');
}

/** Paragraphs for the outcome of one call. */
export function tellOne({ ok, text, error, ms }) {
  if (error) return explain(error);
  return [paragraph(text), paragraph(`${ok ? 'After' : 'The tool itself failed, after'} ${duration(ms)}.`, true)];
}

/** Paragraphs for the outcome of many calls: the numbers, and each kind of failure once. */
export function tellMany({ sent, answered, failures, ms }) {
  const number = (n) => n.toLocaleString('en');
  const kinds = [...new Map(failures.map((error) => [error.code ?? error.message, error])).values()];
  return [
    paragraph(
      `${number(sent)} sent, ${number(answered)} answered, ${number(failures.length)} failed, in ${duration(ms)}.`,
    ),
    ...kinds.flatMap((error) => explain(error)),
  ];
}

import type { McpManager } from './index.js';

/** A provider of the official SDK: `AjvJsonSchemaValidator`, `CfWorkerJsonSchemaValidator`. */
export interface ValidatorProvider {
  getValidator(schema: never): (value: unknown) => { valid: boolean; errorMessage?: string | undefined };
}

/** A class like the `Validator` of `@cfworker/json-schema`, which works where `eval` is forbidden. */
export type ValidatorClass = new (
  schema: never,
  draft: '2020-12',
  shortCircuit: boolean,
) => { validate(value: unknown): { valid: boolean; errors: { instanceLocation: string; error: string }[] } };

/**
 * Makes `callTool` of sessions that this manager connects from now on validate results against the tool's `outputSchema`:
 *
 * `checkOutput(manager, Validator)` with `import { Validator } from '@cfworker/json-schema'`.
 *
 * `callTool` rejects with `protocol_error` if a result does not match, if it has no `structuredContent` although the tool has a schema, or if the schema
 * is invalid. Results with `isError` pass. The tool has run by then. The first call of a session lists the tools.
 */
export function checkOutput(manager: McpManager, validator: ValidatorProvider | ValidatorClass): void;

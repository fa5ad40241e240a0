// Forms of a server (`elicitation/create`): fields that the user leaves out get the default of the schema. Loaded on demand.
// @ts-check

/** @import { ElicitRequestFormParams, ElicitResult } from './protocol.js' */

/**
 * 2025-11-25 client/elicitation, "Requested Schema": clients SHOULD fill in the defaults.
 * @param {(request: Request, extra: unknown) => ElicitResult | Promise<ElicitResult>} handler
 * @param {Request} request
 * @param {unknown} extra
 * @typedef {{ params?: Pick<ElicitRequestFormParams, 'requestedSchema'> }} Request
 */
export async function answerForm(handler, request, extra) {
  const answer = await handler(request, extra);
  const fields = request.params?.requestedSchema?.properties;
  if (answer?.action !== 'accept' || !fields) return answer;
  const content = { ...answer.content };
  for (const [name, field] of Object.entries(fields)) {
    if (field?.default !== undefined) content[name] ??= field.default;
  }
  return { ...answer, content };
}

// Forms of a server (`elicitation/create`): what their user leaves out has the default that the schema says. Loaded when a form is asked for.

/** 2025-11-25 client/elicitation, "Requested Schema": clients SHOULD fill in the defaults. */
export async function answerForm(handler, request, extra) {
  const answer = await handler(request, extra);
  const fields = request.params?.requestedSchema?.properties;
  if (answer?.action !== 'accept' || !fields) return answer;
  const content = { ...answer.content };
  for (const name in fields) content[name] ??= fields[name]?.default;
  return { ...answer, content };
}

// Fixtures of the conformance suite's server scenarios, in both eras: tools, resources and prompts by name, with the
// texts that it compares.

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const silence = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const image = { type: 'image', data: pixel, mimeType: 'image/png' };

export const text = (value) => ({ type: 'text', text: value });
export const textResult = (value) => ({ content: [text(value)] });
export const object = (properties = {}, more = {}) => ({ type: 'object', properties, ...more });
const embedded = (uri, mimeType, content) => ({ type: 'resource', resource: { uri, mimeType, text: content } });

// Every keyword of it has to reach the client.
const fullSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** Tools that answer without input from the client. `run` gets the arguments and `progress(step, total)`. */
export const plainTools = {
  test_simple_text: { run: () => textResult('This is a simple text response for testing.') },
  test_image_content: { run: () => ({ content: [image] }) },
  test_audio_content: { run: () => ({ content: [{ type: 'audio', data: silence, mimeType: 'audio/wav' }] }) },
  test_embedded_resource: {
    run: () => ({
      content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
    }),
  },
  test_multiple_content_types: {
    run: () => ({
      content: [
        text('Multiple content types test:'),
        image,
        embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
      ],
    }),
  },
  test_error_handling: {
    run: () => ({ ...textResult('This tool intentionally returns an error for testing'), isError: true }),
  },
  test_tool_with_progress: {
    async run(_arguments, { progress }) {
      for (const step of [0, 50, 100]) await progress(step, 100);
      return textResult('done');
    },
  },
  json_schema_2020_12_tool: { inputSchema: fullSchema, run: (given) => textResult(JSON.stringify(given)) },
};

export const resources = [
  { uri: 'test://static-text', name: 'static-text', description: 'A text.', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', description: 'A picture.', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', description: 'To subscribe to.', mimeType: 'text/plain' },
];
export const resourceTemplates = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    description: 'One for each id.',
    mimeType: 'application/json',
  },
];

/** The contents of a resource, or undefined. */
export function readResource(uri) {
  if (uri === 'test://static-text')
    return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: pixel };
  if (uri === 'test://watched-resource') return { uri, mimeType: 'text/plain', text: 'Watched resource content' };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  return (
    id && {
      uri,
      mimeType: 'application/json',
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
    }
  );
}

const said = (...contents) => contents.map((content) => ({ role: 'user', content }));

/** The prompts by name. `messages` gets the arguments. */
export const prompts = {
  test_simple_prompt: { messages: () => said(text('This is a simple prompt for testing.')) },
  test_prompt_with_arguments: {
    arguments: [
      { name: 'arg1', description: 'the first', required: true },
      { name: 'arg2', description: 'the second', required: true },
    ],
    messages: ({ arg1, arg2 }) => said(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  },
  test_prompt_with_embedded_resource: {
    arguments: [{ name: 'resourceUri', description: 'what to embed', required: true }],
    messages: ({ resourceUri }) =>
      said(
        embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  },
  test_prompt_with_image: { messages: () => said(image, text('Please analyze the image above.')) },
};

/** The entries of `tools/list`. */
export function listed(tools) {
  return Object.entries(tools).map(([name, { inputSchema = object() }]) => ({
    name,
    description: `For the scenario of ${name}.`,
    inputSchema,
  }));
}

/** The entries of `prompts/list`. */
export function listedPrompts(all) {
  return Object.entries(all).map(([name, { arguments: given }]) => ({
    name,
    description: `For the scenario of ${name}.`,
    ...(given && { arguments: given }),
  }));
}

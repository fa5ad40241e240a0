// The fixture's tools that send requests to the client during a call, as servers did up to 2025-11-25.
import { object, textResult } from './everything.mjs';

const string = (description, more) => ({ type: 'string', description, ...more });
const titled = (...pairs) => pairs.map(([value, title]) => ({ const: value, title }));

// SEP-1034: a default for each primitive type.
const defaults = object(
  {
    name: string('Name', { default: 'John Doe' }),
    age: { type: 'integer', description: 'Age', default: 30 },
    score: { type: 'number', description: 'Score', default: 95.5 },
    status: string('Status', { enum: ['active', 'inactive', 'pending'], default: 'active' }),
    verified: { type: 'boolean', description: 'Verified', default: true },
  },
  { required: [] },
);

// SEP-1330: the five kinds of choices.
const enums = object(
  {
    untitledSingle: string('One', { enum: ['option1', 'option2', 'option3'] }),
    titledSingle: string('One, with titles', {
      oneOf: titled(['value1', 'First Option'], ['value2', 'Second Option'], ['value3', 'Third Option']),
    }),
    legacyEnum: string('One, as it used to be', {
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    }),
    untitledMulti: {
      type: 'array',
      description: 'Some',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      description: 'Some, with titles',
      minItems: 1,
      maxItems: 3,
      items: { anyOf: titled(['value1', 'First Choice'], ['value2', 'Second Choice'], ['value3', 'Third Choice']) },
    },
  },
  { required: [] },
);

const described = ({ action, content = {} }) => `action=${action}, content=${JSON.stringify(content)}`;

/**
 * `run` gets the arguments and `{ sample(prompt), elicit(message, schema) }`, which resolve with the client's answer.
 */
export const askingTools = {
  test_sampling: {
    inputSchema: object({ prompt: string('what to ask the model') }, { required: ['prompt'] }),
    run: async ({ prompt }, { sample }) => textResult(`LLM response: ${(await sample(prompt)).content.text}`),
  },
  test_elicitation: {
    inputSchema: object({ message: string('what to ask the user') }, { required: ['message'] }),
    run: async ({ message }, { elicit }) =>
      textResult(
        `User response: ${described(await elicit(message, object({ response: string('The answer') }, { required: ['response'] })))}`,
      ),
  },
  test_elicitation_sep1034_defaults: {
    run: async (_arguments, { elicit }) =>
      textResult(`Elicitation completed: ${described(await elicit('Please review the defaults', defaults))}`),
  },
  test_elicitation_sep1330_enums: {
    run: async (_arguments, { elicit }) =>
      textResult(`Elicitation completed: ${described(await elicit('Please choose', enums))}`),
  },
};

// The fixture's tools and prompt that take several rounds: since 2026-07-28 a server answers with the input it
// requires, and gets the request again (SEP-2322).
import { inputRequired } from '@modelcontextprotocol/server';
import { object, text, textResult } from './everything.mjs';

const ask = (message, name, type = 'string') =>
  inputRequired.elicit({ mode: 'form', message, requestedSchema: object({ [name]: { type } }, { required: [name] }) });
const sample = (prompt) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 });
const askName = () => ask('What is your name?', 'name');
const confirm = () => ask('Please confirm', 'ok', 'boolean');

/** The contents of a form, if it was accepted. */
const filled = (answer) => (answer?.action === 'accept' ? answer.content : undefined);

/**
 * `run` gets the arguments and `{ answers, state, mint, capabilities }`: `state` is what an earlier round minted,
 * already verified.
 */
export const roundTools = {
  test_missing_capability: {
    run: (_arguments, { answers }) =>
      answers.sample ? textResult('sampled') : inputRequired({ inputRequests: { sample: sample('Hm?') } }),
  },
  test_input_required_result_elicitation: {
    run(_arguments, { answers }) {
      const name = filled(answers.user_name)?.name;
      return name ? textResult(`Hello, ${name}!`) : inputRequired({ inputRequests: { user_name: askName() } });
    },
  },
  test_input_required_result_sampling: {
    run: (_arguments, { answers: { capital } }) =>
      capital
        ? textResult(capital.content.text)
        : inputRequired({ inputRequests: { capital: sample('What is the capital of France?') } }),
  },
  test_input_required_result_list_roots: {
    run: (_arguments, { answers: { roots } }) =>
      roots
        ? textResult(`${roots.roots.length} roots`)
        : inputRequired({ inputRequests: { roots: inputRequired.listRoots() } }),
  },
  test_input_required_result_request_state: { run: confirmWithState },
  test_input_required_result_tampered_state: { run: confirmWithState },
  test_input_required_result_multiple_inputs: {
    async run(_arguments, { answers, state, mint }) {
      const { user_name: name, greeting, client_roots: roots } = answers;
      if (state && name && greeting && roots)
        return textResult(`${filled(name)?.name}, ${greeting.content.text}, ${roots.roots.length} roots`);
      return inputRequired({
        inputRequests: {
          user_name: askName(),
          greeting: sample('Generate a greeting'),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await mint({ asked: 'all' }),
      });
    },
  },
  test_input_required_result_multi_round: {
    async run(_arguments, { answers, state, mint }) {
      if (state?.round === 2 && answers.step2) return textResult(`${state.name} likes ${filled(answers.step2)?.color}`);
      if (state?.round === 1 && answers.step1) {
        const requestState = await mint({ round: 2, name: filled(answers.step1)?.name });
        return inputRequired({ inputRequests: { step2: ask('What is your favorite color?', 'color') }, requestState });
      }
      return inputRequired({ inputRequests: { step1: askName() }, requestState: await mint({ round: 1 }) });
    },
  },
  test_input_required_result_capabilities: {
    run(_arguments, { answers, capabilities }) {
      if (Object.keys(answers).length > 0) return textResult(`answered: ${Object.keys(answers)}`);
      const inputRequests = {
        ...(capabilities.elicitation && { name: askName() }),
        ...(capabilities.sampling && { sample: sample('Hm?') }),
      };
      return Object.keys(inputRequests).length > 0
        ? inputRequired({ inputRequests })
        : textResult('the client supports no input');
    },
  },
};

/** The prompt by its name. */
export const contextPrompt = {
  test_input_required_result_prompt: {
    run({ answers }) {
      const context = filled(answers.user_context)?.context;
      if (context === undefined)
        return inputRequired({
          inputRequests: { user_context: ask('What context should the prompt use?', 'context') },
        });
      return { messages: [{ role: 'user', content: text(`Prompt with context: ${context}`) }] };
    },
  },
};

async function confirmWithState(_arguments, { answers, state, mint }) {
  if (state && filled(answers.confirm)?.ok) return textResult('state-ok');
  return inputRequired({ inputRequests: { confirm: confirm() }, requestState: await mint({ asked: 'confirm' }) });
}

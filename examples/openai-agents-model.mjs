// A scripted model without an API key: it calls one tool and repeats the result.

import { Usage } from '@openai/agents';

export function scriptedModel({ tool, input }) {
  return {
    async getResponse({ input: items }) {
      const result = Array.isArray(items) && items.find(({ type }) => type === 'function_call_result');
      const call = {
        type: 'function_call',
        callId: 'call-1',
        name: tool,
        status: 'completed',
        arguments: JSON.stringify(input),
      };
      const text = { type: 'output_text', text: JSON.stringify(result?.output) };
      const message = { type: 'message', role: 'assistant', status: 'completed', content: [text] };
      return { usage: new Usage(), output: [result ? message : call] };
    },
  };
}

// A scripted model without an API key: it calls one tool and repeats the result.

import { MockLanguageModelV3 } from 'ai/test';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

export function scriptedModel({ tool, input }) {
  return new MockLanguageModelV3({
    async doGenerate({ prompt }) {
      const last = prompt.at(-1);
      if (last.role !== 'tool') {
        const call = { type: 'tool-call', toolCallId: 'call-1', toolName: tool, input: JSON.stringify(input) };
        return { content: [call], finishReason: { unified: 'tool-calls', raw: undefined }, usage, warnings: [] };
      }
      const text = JSON.stringify(last.content[0].output);
      return {
        content: [{ type: 'text', text }],
        finishReason: { unified: 'stop', raw: undefined },
        usage,
        warnings: [],
      };
    },
  });
}

// Loaded into a server with the official SDK v1 before its own code, to write its journal. The key of a call is its
// argument `key`. Tools named in UNSAFE lose their annotations, so that they must not run twice.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  InitializeRequestSchema,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { note } from './journal.mjs';

const unsafe = (process.env.UNSAFE ?? '').split(',');

const wrappers = new Map([
  [
    InitializeRequestSchema,
    (handler) => (request, context) => {
      note({ did: 'initialize' });
      return handler(request, context);
    },
  ],
  [
    CallToolRequestSchema,
    (handler) => async (request, context) => {
      const entry = { tool: request.params.name, key: request.params.arguments?.key };
      note({ did: 'call', ...entry });
      context.signal.addEventListener('abort', () => note({ did: 'cancelled', ...entry }), { once: true });
      return handler(request, context);
    },
  ],
  [
    ListToolsRequestSchema,
    (handler) => async (request, context) => {
      const { tools, ...rest } = await handler(request, context);
      return {
        ...rest,
        tools: tools.map(({ annotations, ...tool }) => (unsafe.includes(tool.name) ? tool : { ...tool, annotations })),
      };
    },
  ],
]);

const setRequestHandler = Server.prototype.setRequestHandler;
Server.prototype.setRequestHandler = function setJournalledHandler(schema, handler) {
  return setRequestHandler.call(this, schema, wrappers.get(schema)?.(handler) ?? handler);
};

// Loaded into a server with the official SDK before its own code: writes its actions to a file, which outlives the
// process when it is killed. JOURNAL names the file; tools in UNSAFE lose their annotations, so that they must not run
// twice.
import { appendFileSync } from 'node:fs';
import { Server as HttpServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  InitializeRequestSchema,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

const { JOURNAL: journal, UNSAFE = '' } = process.env;
const unsafe = UNSAFE.split(',');
const note = (entry) => appendFileSync(journal, `${JSON.stringify({ process: process.pid, ...entry })}\n`);

const setRequestHandler = Server.prototype.setRequestHandler;
Server.prototype.setRequestHandler = function setJournalledHandler(schema, handler) {
  return setRequestHandler.call(this, schema, wrappers.get(schema)?.(handler) ?? handler);
};

const wrappers = new Map([
  // Counted here and not by missing session ids: in a page, a ping without one checks whether the browser hides
  // responses.
  [
    InitializeRequestSchema,
    (handler) => (request, context) => {
      note({ handshake: context.requestInfo.headers['x-user'] });
      return handler(request, context);
    },
  ],
  [
    CallToolRequestSchema,
    (handler) => (request, context) => {
      note({ tool: request.params.name, key: context._meta?.key ?? request.params._meta?.key });
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

const emit = HttpServer.prototype.emit;
HttpServer.prototype.emit = function emitWithoutReuse(event, ...rest) {
  if (event === 'request') {
    // Chromium retries a POST by itself when a connection that it used before is reset without a response; on a fresh
    // connection it does not.
    const [, response] = rest;
    response.setHeader('Connection', 'close');
  }
  return emit.call(this, event, ...rest);
};

import { createServer } from 'node:http';
import { NodeHttpServer, NodeRuntime } from '@effect/platform-node';
import { Effect, Layer, Schema } from 'effect';
import { McpProtocol, McpServer, Tool, Toolkit } from 'effect/ai';
import { HttpRouter } from 'effect/http';
import { isStateful, port, tools } from './tools.mjs';

const types = { text: Schema.String, key: Schema.String, ms: Schema.Number };
const made = Object.entries(tools).map(([name, { shape, annotations }]) => {
  const fields = Object.keys(shape).map((key) => [key, types[key]]);
  const tool = Tool.make(name, { parameters: Schema.Struct(Object.fromEntries(fields)), success: Schema.String });
  return annotations?.readOnlyHint ? tool.annotate(Tool.Readonly, true) : tool;
});
const toolkit = Toolkit.make(...made);
const handlers = Object.entries(tools).map(([name, { run }]) => [name, (given) => Effect.promise(() => run(given))]);

const app = McpServer.layerHttp({
  name: 'frameworks',
  version: '1.0.0',
  path: '/mcp',
  protocols: [isStateful ? McpProtocol.v2025_11_25 : McpProtocol.v2026_07_28],
  registrations: McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer(Object.fromEntries(handlers)))),
});
const http = NodeHttpServer.layer(createServer, { port, host: '127.0.0.1' });
HttpRouter.serve(app).pipe(Layer.provide(http), Layer.launch, NodeRuntime.runMain);

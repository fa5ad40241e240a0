// As the README of @rekog/mcp-nest has it. JavaScript has no decorators, so they are called.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';
import { port, resultOf, tools } from './tools.mjs';

class Tools {}
for (const [name, tool] of Object.entries(tools)) {
  const { shape, annotations } = tool;
  Tools.prototype[name] = (given) => resultOf(tool, given);
  Payload()(Tools.prototype, name, 0);
  const method = Object.getOwnPropertyDescriptor(Tools.prototype, name);
  Tool({ name, description: name, parameters: z.object(shape), annotations })(Tools.prototype, name, method);
}
McpController()(Tools);

class App {}
Module({ controllers: [Tools] })(App);

const strategy = new McpStrategy({
  name: 'frameworks',
  version: '1.0.0',
  transports: [new StreamableHttpTransport()],
});
const app = await NestFactory.create(App, { logger: false });
strategy.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy });
await app.startAllMicroservices();
await app.listen(port, '127.0.0.1');

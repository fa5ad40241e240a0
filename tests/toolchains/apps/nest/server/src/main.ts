import 'reflect-metadata';
import { Controller, Get, Injectable, Module, type OnModuleDestroy, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import init, { McpManager } from 'mcp-tether';

@Injectable()
class Notes implements OnModuleDestroy {
  #manager: McpManager | undefined;

  async ask(url: string) {
    await init();
    this.#manager ??= new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: false });
    const session = await this.#manager.connect('ada', 'notes');
    const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
    const [block] = content;
    return block?.type === 'text' ? block.text : '';
  }

  async onModuleDestroy() {
    await this.#manager?.close({ terminate: true });
  }
}

@Controller()
class Asking {
  constructor(private readonly notes: Notes) {}

  @Get('node')
  node(@Query('server') server: string) {
    return this.notes.ask(server);
  }
}

@Module({ controllers: [Asking], providers: [Notes] })
class Application {}

async function start() {
  const application = await NestFactory.create(Application, { logger: ['error'] });
  await application.listen(Number(process.env.PORT), '127.0.0.1');
}

start();

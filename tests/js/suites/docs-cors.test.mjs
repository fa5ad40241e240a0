// The lines of docs/cors.md: each server that they are put into can be used by a page of the origin in them, and by no page without them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, request as forward } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeProject } from '../helpers/snippets/project.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const { McpManager } = await import(new URL('../../../pkg/node.js', import.meta.url));
const origin = 'https://app.example';

// What the reader has around the lines: a server that passes on to a real MCP server, whose own CORS headers are dropped.
const around = {
  Express: (code) => `import express from 'express';
const app = express();
${code}
export const start = (pass) => app.use(pass.node) && app;`,
  Hono: (code) => `import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
const app = new Hono();
${code}
export const start = (pass) => app.all('*', ({ req }) => pass.web(req.raw)) && getRequestListener(app.fetch);`,
  'Node without a framework': (code) => `${code}
export const start = (pass) => (request, response) => allowPage(request, response) || pass.node(request, response);`,
  'Cloudflare Workers': (code) => `import { getRequestListener } from '@hono/node-server';
${code}
export const start = (pass) => getRequestListener(withCors(pass.web));`,
};

let server;
let project;

before(async () => {
  server = await startSdkServer({ mode: 'stateful' });
  project = await makeProject();
});
after(async () => {
  await server.close();
  await project.remove();
});

const isOwn = ([name]) => !/^(access-control-|vary$|content-length$|transfer-encoding$|connection$)/i.test(name);

const pass = {
  node(request, response) {
    const { method, headers } = request;
    const target = new URL('/mcp', server.url);
    const onward = forward(target, { method, headers: { ...headers, host: target.host } }, (answer) => {
      response.writeHead(answer.statusCode, Object.fromEntries(Object.entries(answer.headers).filter(isOwn)));
      answer.on('error', () => response.destroy()).pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  },
  async web({ method, headers, body, signal }) {
    const own = Object.fromEntries([...headers].filter(([name]) => !/^(host|connection|content-length)$/.test(name)));
    const sent = { method, headers: own, body, signal, duplex: 'half' };
    const answer = await fetch(new URL('/mcp', server.url), sent);
    return new Response(answer.body, { status: answer.status, headers: [...answer.headers].filter(isOwn) });
  },
};

async function corsStep(handler) {
  const listening = createServer(handler);
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${listening.address().port}/mcp`;
    const manager = new McpManager({ mcpServers: { notes: { url } } });
    const { steps } = await manager.diagnose('notes', 'ada', { origin });
    await manager.close();
    return steps.find(({ name }) => name === 'cors');
  } finally {
    listening.close();
    listening.closeAllConnections();
  }
}

describe('the lines of docs/cors.md', async () => {
  const document = await readFile(new URL('../../../docs/cors.md', import.meta.url), 'utf8');
  const codeOf = (title) =>
    new RegExp(`^## ${title}\\n[\\s\\S]*?\`\`\`javascript\\n([\\s\\S]*?)\`\`\``, 'm').exec(document)[1];

  for (const [title, whole] of Object.entries(around))
    test(`${title}: a page of the origin can use the server`, async () => {
      const name = `${title.replaceAll(' ', '-')}.mjs`;
      await project.write(name, whole(codeOf(title)));
      const { start } = await import(pathToFileURL(join(project.folder, name)));
      const step = await corsStep(start(pass));
      assert.equal(step.ok, true, `${step.detail}: ${step.fix}`);
    });

  test('without them it cannot', async () => {
    const step = await corsStep(pass.node);
    assert.equal(step.ok, false);
  });

  test('all name the same headers', () => {
    const blocks = [...document.matchAll(/```(?!ts|sh)\w+\n([\s\S]*?)```/g)].map(([, code]) => code);
    const names = [
      'Accept',
      'Authorization',
      'Mcp-Session-Id',
      'MCP-Protocol-Version',
      'Mcp-Method',
      'Mcp-Name',
      'Last-Event-ID',
    ];
    assert.equal(blocks.length, 7);
    for (const name of [...names, 'WWW-Authenticate', 'Retry-After', 'DELETE'])
      for (const block of blocks) assert.ok(block.includes(name), `${name} is missing in ${block}`);
  });
});

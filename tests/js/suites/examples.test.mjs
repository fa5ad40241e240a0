// The programs in examples/, each against a real server that is restarted in the middle, when they ask for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeProject, root } from '../helpers/snippets/project.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

// What each prints: once before the restart, and once after it.
const programs = {
  'official-client': { echoes: 2 },
  'ai-sdk': { echoes: 1 },
  langchain: { echoes: 1 },
  'openai-agents': { echoes: 1 },
  vue: { echoes: 1, also: /^ready \d+ tools$/m },
  svelte: { echoes: 1, also: /^ready \d+ tools$/m },
};

describe('the examples', () => {
  let project;

  before(async () => {
    project = await makeProject();
    await cp(join(root, 'examples'), project.folder, { recursive: true });
  });
  after(() => project.remove());

  for (const [name, { echoes, also }] of Object.entries(programs))
    test(`${name}: goes on after the restart`, async () => {
      let server = await startSdkServer({ mode: 'stateful' });
      const port = Number(new URL(server.url).port);
      const program = spawn(process.execPath, [`${name}.mjs`], {
        cwd: project.folder,
        env: { ...process.env, MCP_URL: server.url, OPENAI_AGENTS_DISABLE_TRACING: '1' },
      });
      let output = '';
      let restarting;
      const restart = async () => {
        await server.close();
        server = await startSdkServer({ mode: 'stateful', port });
        program.stdin.end('\n');
      };
      for (const stream of [program.stdout, program.stderr])
        stream.setEncoding('utf8').on('data', (text) => {
          output += text;
          if (/^Restart the server/m.test(output)) restarting ??= restart();
        });
      const timer = setTimeout(() => program.kill(), 90_000);
      const code = await new Promise((resolve) => program.on('close', resolve));
      clearTimeout(timer);
      await restarting;
      const { counts } = server;
      await server.close();

      assert.equal(code, 0, output);
      assert.ok(restarting, output);
      const count = (word) =>
        output.split('\n').filter((line) => line.includes(word) && !line.startsWith('[MCP]')).length;
      assert.deepEqual([count('before'), count('after')], [echoes, echoes], output);
      assert.equal(counts.initialize, 1, 'one handshake for the new session, however many clients there are');
      if (also) assert.match(output, also);
    });
});

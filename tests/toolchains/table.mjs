// Runs rows of the table.

import { chromium } from 'playwright-core';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { Bench } from './bench.mjs';
import { pack, prepare } from './project.mjs';

/** What all rows share: the tarball, a real MCP server, a browser. */
export async function openTable() {
  const packed = await pack();
  const server = await startSdkServer({ mode: 'stateful' });
  const browser = await chromium.launch(launchOptions);
  /** A project, laid out, with the tools to run it. */
  async function open(project) {
    const folder = await prepare(project, packed.folder);
    return new Bench({ folder, packageFolder: packed.folder, server: server.url, browser });
  }
  return {
    open,
    /** @returns {Promise<{ answer: string, module: string }>} rejects with what the toolchain printed */
    async run(row) {
      const bench = await open(row.project);
      const before = server.counts.initialize;
      try {
        const result = await row.run(bench);
        if (result.answer !== 'grüße') throw new Error(`the answer is ${result.answer}`);
        if (result.module !== row.module) throw new Error(`the module came ${result.module}, not ${row.module}`);
        if (server.counts.initialize === before) throw new Error('the server was not asked');
        return result;
      } finally {
        await bench.close();
      }
    },
    async close() {
      await browser.close();
      await server.close();
      await packed.remove();
    },
  };
}

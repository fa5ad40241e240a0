// One toolchain of every way in which the module is found. All of them: `make toolchains`.
// Starts first: it runs bundlers, one after the other.
import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { quick, rows } from '../../toolchains/rows.mjs';
import { openTable } from '../../toolchains/table.mjs';
import { readSnippets } from '../helpers/snippets/read.mjs';

// Accepts updates, as plugins for React and Vue have their components do.
const component = `
import { manager, saved } from './mcp.ts';
import.meta.hot.accept();
const session = await manager.connect('ada', 'notes');
const { content } = await session.callTool({ name: 'echo', arguments: { message: 'hello ' + saved } });
document.documentElement.dataset.answer = content[0].text;
`;

describe('toolchains', () => {
  let table;

  before(async () => {
    table = await openTable();
  });

  after(() => table?.close());

  for (const name of quick) {
    // Its packages may have to be installed first.
    test(name, { timeout: 600_000 }, async () => {
      const row = rows.find((other) => other.name === name);
      assert.equal((await table.run(row)).answer, 'grüße');
    });
  }

  test('Vite: calls are answered after more saves of the document’s src/mcp.ts than a browser has connections', {
    timeout: 600_000,
  }, async () => {
    const bench = await table.open('vite-7');
    try {
      const { code } = (await readSnippets()).find(({ file }) => file === 'src/mcp.ts');
      // As many editors save: Vite never reads a file that is written by half.
      const save = async (number) => {
        const [draft, saved] = [join(bench.folder, 'mcp.draft'), join(bench.folder, 'mcp.ts')];
        const snippet = code.replace('http://127.0.0.1:3000/mcp', bench.server);
        await writeFile(draft, `${snippet}\nexport const saved = ${number};\n`);
        await rename(draft, saved);
      };
      await save(0);
      await writeFile(join(bench.folder, 'main.js'), component);
      const origin = await bench.serve((port) => ['vite', '--host', '127.0.0.1', '--port', port, '--strictPort']);
      const page = await bench.browser.newPage();
      const shows = (text) => page.locator(`html[data-answer="${text}"]`).waitFor({ state: 'attached' });
      await page.goto(origin);
      await shows('hello 0');
      for (let number = 1; number <= 7; number += 1) {
        await save(number);
        await shows(`hello ${number}`);
      }
      await page.close();
    } finally {
      await bench.close();
    }
  });
});

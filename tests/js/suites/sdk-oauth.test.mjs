// The programs of docs/sdk.md that ask for a login, as they stand there: SDK clients above `transport()` with mcp-tether/oauth, against an MCP server
// behind OAuth. Programs open the system's browser, which is one that follows redirects; the page's is Chromium.
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { startSite } from '../helpers/react/site.mjs';
import { makeProject } from '../helpers/snippets/project.mjs';
import { readSnippets } from '../helpers/snippets/read.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

const snippets = (await readSnippets()).filter(({ name }) => name.startsWith('docs/sdk.md:'));
const programs = snippets.filter(({ notRun }) => notRun === 'asks for a login');
const [inPage] = snippets.filter(({ notRun }) => notRun === 'needs a page and a login');

let as;
let server;
beforeEach(async () => {
  as = await startAuthorizationServer();
  server = await startProtectedServer(as);
});
afterEach(async () => {
  await server.close();
  await as.close();
});
const here = (code) => code.replaceAll('http://127.0.0.1:3000/mcp', server.url);

describe('programs', () => {
  let project;
  const { DISPLAY, PATH } = process.env;

  beforeEach(async () => {
    project = await makeProject();
    const bin = join(project.folder, 'bin');
    await mkdir(bin);
    // Follows the login to the program, as a browser does whose user says yes.
    const script = `#!${process.execPath}\nawait (await fetch(process.argv[2])).text();\n`;
    await writeFile(join(bin, 'package.json'), '{ "type": "module" }');
    await writeFile(join(bin, 'xdg-open'), script);
    await chmod(join(bin, 'xdg-open'), 0o755);
    Object.assign(process.env, { DISPLAY: ':0', PATH: bin + delimiter + PATH });
  });
  afterEach(async () => {
    process.env.PATH = PATH;
    if (DISPLAY === undefined) delete process.env.DISPLAY;
    await project.remove();
  });

  test('there is one for the official clients, for the AI SDK and for LangChain', () => {
    const code = programs.map((program) => program.code).join('\n');
    for (const name of ['@modelcontextprotocol/client', '@modelcontextprotocol/sdk', '@ai-sdk/mcp', '@langchain/'])
      assert.ok(code.includes(`'${name}`), name);
  });

  for (const { name, whole } of programs)
    test(`${name} logs in and calls; started again, it needs no login`, async () => {
      for (const times of [1, 2]) {
        const { ok, output } = await project.run('program', here(whole));
        assert.ok(ok, output);
        assert.match(output, /hello/);
        assert.equal(as.count('authorize'), 1, `start ${times}`);
      }
      assert.equal(as.count('token', 'authorization_code'), 1);
    });
});

describe('a page', () => {
  let browser;
  let site;
  before(async () => {
    browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-popup-blocking'] });
  });
  after(async () => {
    await browser.close();
    await site?.close();
  });

  test(`${inPage.name}: a click, the result; a reload needs no login`, async () => {
    Object.assign(as.rules, { login: 'page', pageHeaders: { 'Cross-Origin-Opener-Policy': 'same-origin' } });
    site = await startSite(
      'react-login',
      { 'callback.html': 'callback.js', 'snippet.html': 'snippet.js' },
      { 'snippet.ts': here(inPage.whole) },
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    /** What the program prints. */
    const result = async () => {
      const message = await page.waitForEvent('console', (one) => one.type() === 'log' && one.args().length === 1);
      return JSON.stringify(await message.args()[0].jsonValue());
    };
    let printed = result();
    await page.goto(`${site.origin}/snippet.html`);
    const button = page.getByRole('button', { name: 'Log in' });
    await button.waitFor();
    assert.equal(as.count('register'), 0);
    const opening = context.waitForEvent('page');
    await button.click();
    const login = await opening;
    await login.waitForSelector('#allow');
    await login.click('#allow');
    assert.match(await printed, /hello/);
    printed = result();
    await page.reload();
    assert.match(await printed, /hello/);
    assert.equal(as.count('authorize'), 1);
    await context.close();
  });
});

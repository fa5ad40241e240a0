// The doctor page in Chromium, as static files from a folder: real servers behind a proxy whose CORS rules can be broken.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { brokenServers } from '../helpers/diagnose/broken-servers.mjs';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { root } from '../helpers/snippets/project.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';
import { goodRules, startCorsGate } from '../servers/cors-gate.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { findFreePort, listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

const test = steps();
let files;
let server;
let gate;
let visitor;
let page;
let axe;

before(async () => {
  const folders = [
    { prefix: '/site/pkg/', folder: `${root}pkg` },
    { prefix: '/site/', folder: `${root}www` },
  ];
  [files, server] = await Promise.all([listen(serveFolders(folders, { headers: {} })), startSdkServer()]);
  gate = await startCorsGate(new URL(server.url).origin);
  visitor = await openVisitor(`${files.origin}/site/doctor.html`, {
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
  });
  page = visitor.page;
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // What a screen reader would say: one entry for each change of a live region.
  await page.evaluate(() => {
    globalThis.announced = [];
    for (const region of document.querySelectorAll('[role="status"], [role="alert"]'))
      new MutationObserver(() => region.textContent && globalThis.announced.push(region.textContent)).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
  });
});

after(async () => {
  await visitor?.close();
  await Promise.all([files?.close(), gate?.close(), server?.close()]);
});

const endpoint = () => `${gate.origin}/mcp`;
const state = () => page.locator('#result').getAttribute('data-state');
const announced = () => page.evaluate(() => globalThis.announced.splice(0));
const copied = () => page.evaluate(() => navigator.clipboard.readText());

/** Presses a button that starts a check, and waits until it has ended. */
async function run(press) {
  await page.evaluate(() => delete document.querySelector('#result').dataset.state);
  await press();
  await visitor.until(() => {
    const result = document.querySelector('#result');
    return result.dataset.state !== undefined && result.getAttribute('aria-busy') === 'false';
  });
}

async function check(url, token = '') {
  await page.locator('#url').fill(url);
  if (token && !(await page.locator('#ask details[open]').count())) await page.locator('#ask summary').click();
  if (token) await page.locator('[name="token"]').fill(token);
  await run(() => page.locator('#ask [type="submit"]').click());
}

/** The serious or critical findings of axe. */
async function findings() {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id);
}

test('a server that hides the session id: one sentence, and code with the origin of this page', async () => {
  gate.rules = { ...goodRules, exposeHeaders: [] };
  await page.locator('#url').fill(endpoint());
  await run(() => page.locator('#url').press('Enter'));
  assert.equal(await state(), 'broken');
  assert.match(await visitor.text('#sentence'), /^Access-Control-Expose-Headers lacks Mcp-Session-Id: /);
  assert.deepEqual(await page.locator('#fix [role="tab"]').allInnerTexts(), [
    'Express',
    'FastAPI, Starlette',
    'Hono',
    'nginx',
    'Workers',
  ]);
  const code = await visitor.text('#code');
  assert.ok(code.includes(`origin: ['${files.origin}']`) && code.includes('exposedHeaders'), code);
  const said = await announced();
  assert.equal(said.length, 1, 'one announcement for a run');
  assert.match(said[0], /^Needs a fix.*Access-Control-Expose-Headers lacks Mcp-Session-Id/s);
  const results = await page.locator('#steps .step').evaluateAll((all) => all.map(({ dataset }) => dataset.result));
  assert.deepEqual(results, ['passed', 'passed', 'failed', 'skipped', 'skipped', 'failed']);
  await visitor.screenshot('doctor-broken');
});

test('the tabs by keyboard, and what is copied', async () => {
  await page.locator('[role="tab"][aria-selected="true"]').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'FastAPI, Starlette');
  assert.match(await visitor.text('#code'), /CORSMiddleware/);
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Workers');
  assert.equal(await page.locator('[role="tab"][tabindex="0"]').count(), 1);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator('[role="tab"][aria-selected="true"]').innerText(), 'Workers');
  await page.locator('#copy-code').click();
  await visitor.untilText('#copy-code', 'Copied');
  assert.equal(await copied(), await page.locator('#code').textContent());
});

test('the fix is applied, and the same button says so: it keeps the focus', async () => {
  gate.rules = goodRules;
  await page.locator('#again').focus();
  await run(() => page.keyboard.press('Enter'));
  assert.equal(await state(), 'good');
  assert.match(await visitor.text('#state'), /^Usable \(stateful, 2025-11-25\)$/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'again');
  assert.equal(await page.locator('#fix:visible').count(), 0);
  assert.equal((await announced()).length, 1);
});

test('the link has neither the query nor the token, and does the same check', async () => {
  await check(`${endpoint()}?key=s3cret#part`, 's3cret-token');
  assert.equal(await state(), 'good');
  const wanted = `${files.origin}/site/doctor.html?url=${encodeURIComponent(endpoint())}`;
  assert.equal(page.url(), wanted);
  await page.locator('#copy-link').click();
  await visitor.untilText('#copy-link', 'Copied');
  assert.equal(await copied(), wanted);
  assert.match(await visitor.text('#left-out'), /leaves out the query/);
  assert.ok(!(await page.locator('body').innerHTML()).includes('s3cret'));
  const before = server.counts.initialize;
  await page.goto('about:blank');
  await page.goto(wanted);
  await visitor.until(() => document.querySelector('#result')?.dataset.state === 'good');
  assert.equal(server.counts.initialize, before + 2);
});

for (const [name, url, words] of [
  ['plain http to another machine', 'http://192.168.7.7:3000/mcp', 'cannot connect to http://192.168.7.7:3000'],
  ['credentials in the URL', 'https://ada:s3cret@server.example/mcp', 'contains a user name or a password'],
  ['another scheme', 'ftp://server.example/mcp', 'must begin with https:// or http://'],
  ['no URL', 'server.example', 'Enter the whole URL'],
  ['a command without a URL', '{"command":"npx","args":["-y","some-server"]}', 'Enter the whole URL'],
  [
    'two URLs',
    '{"a":{"url":"https://a.example/mcp"},"b":{"url":"https://b.example/mcp"}}',
    'Enter one URL: there are 2',
  ],
  ['an IPv6 address of this machine', 'http://[::1]:3000/mcp', 'enter http://localhost:3000/mcp instead'],
  ['the address that a server listens at', 'http://0.0.0.0:3000/mcp', 'enter http://localhost:3000/mcp instead'],
])
  test(`${name} is refused in the form, without a request`, async () => {
    const requests = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.locator('#url').fill(url);
    await page.locator('#ask [type="submit"]').click();
    await visitor.untilText('.problem', words);
    assert.deepEqual(requests, []);
    assert.ok(!page.url().includes('s3cret'));
    assert.equal(await page.locator('#result:visible').count(), 0);
    page.removeAllListeners('request');
  });

for (const [name, around] of [
  ['quotes', (url) => ` "${url}" `],
  ['a command', (url) => `claude mcp add --transport http notes ${url} --header "Authorization: Bearer s3cret"`],
  [
    'a configuration',
    (url) => JSON.stringify({ mcpServers: { notes: { url, headers: { 'x-key': 's3cret' } } } }, null, 2),
  ],
  ['a link of Markdown', (url) => `[notes](${url}).`],
])
  test(`the URL is found in ${name}, of which nothing else stays`, async () => {
    gate.rules = goodRules;
    await check(around(endpoint()));
    assert.equal(await state(), 'good');
    assert.equal(await page.locator('#url').inputValue(), endpoint());
    assert.equal(new URL(page.url()).searchParams.get('url'), endpoint());
  });

test('a link with credentials is refused, and they leave the address bar', async () => {
  const link = `${files.origin}/site/doctor.html?url=${encodeURIComponent('https://ada:s3cret@server.example/mcp')}`;
  await page.goto(link);
  await visitor.untilText('.problem', 'contains a user name or a password');
  assert.equal(page.url(), `${files.origin}/site/doctor.html`);
});

test('advice is not failure', async () => {
  const lenient = await listen(brokenServers['a lost session that is answered with 400'].serve);
  const open = await startCorsGate(lenient.origin);
  try {
    await check(`${open.origin}/mcp`);
    assert.equal(await state(), 'advice');
    assert.match(await visitor.text('#state'), /^Usable, and can be improved/);
    assert.match(await visitor.text('#sentence'), /^Answer 404 to the id of an ended session/);
    assert.equal(await visitor.text('#state-mark'), '!');
    assert.equal(await page.locator('#steps [data-result="failed"]').count(), 0);
    await visitor.screenshot('doctor-advice');
  } finally {
    await Promise.all([open.close(), lenient.close()]);
  }
});

test('a server that asks for a login: what its users need is there', async () => {
  const logins = await startAuthorizationServer();
  const guarded = await startProtectedServer(logins);
  try {
    await page.goto(`${files.origin}/site/doctor.html`); // forgets the token
    await check(guarded.url);
    assert.notEqual(await state(), 'broken', await visitor.text('#result'));
    assert.match(await visitor.text('#steps'), /Login: .*users can log in/);
    assert.match(await visitor.text('#sentence'), /^The server asks for a login, and users can log in/);
  } finally {
    await Promise.all([guarded.close(), logins.close()]);
  }
});

test('a redirect: the page learns its target by a request that carries nothing', async () => {
  const seen = [];
  const mounted = await listen((request, response) => {
    seen.push(request.headers);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, mcp-method, mcp-protocol-version');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    if (request.url === '/mcp') return response.writeHead(307, { Location: '/mcp/' }).end();
    return response.writeHead(406).end();
  });
  try {
    await check(`${mounted.origin}/mcp`, 's3cret-token');
    const words = `^Configure the URL that the redirect points to, ${mounted.origin}/mcp/: `;
    assert.match(await visitor.text('#sentence'), new RegExp(words));
    assert.deepEqual(await page.locator('#fix [role="tab"]').allInnerTexts(), ['FastAPI, Starlette', 'nginx']);
    assert.ok(seen.some(({ accept, authorization }) => accept === 'application/json' && !authorization));
  } finally {
    await mounted.close();
  }
});

test('the browser forbids the local network: that is named, not the server', async () => {
  const port = await findFreePort();
  const browser = await page.context().browser().newBrowserCDPSession();
  for (const name of ['local-network-access', 'local-network', 'loopback-network'])
    await browser
      .send('Browser.setPermission', { permission: { name }, setting: 'denied', origin: files.origin })
      .catch(() => {}); // this version has another name for it
  await check(`http://127.0.0.1:${port}/mcp`);
  assert.match(await visitor.text('#sentence'), /^Allow this page local network access in the browser's settings/);
});

test('the command has the address and the origin of this page', async () => {
  gate.rules = { ...goodRules, allowMethods: ['GET', 'POST'] };
  await check(`${endpoint()}`);
  const packed = new URL('mcp-tether.tgz', page.url());
  assert.equal(await visitor.text('#shell'), `npx ${packed} doctor '${endpoint()}' --origin ${files.origin}`);
});

for (const colorScheme of ['light', 'dark'])
  test(`axe has no serious finding, ${colorScheme}`, async () => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await findings(), []);
    await visitor.screenshot(`doctor-${colorScheme}`);
  });

test('nothing overflows from 360 to 1920 pixels', async () => {
  for (const width of [360, 768, 1280, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${overflow} pixels at ${width}`);
    await visitor.screenshot(`doctor-${width}`);
  }
});

test('without Chromium’s own errors for hidden responses there are no complaints', () => {
  const unexpected = visitor
    .complaints(gate.origin)
    .filter((words) => !/blocked by CORS policy|Failed to load resource/.test(words));
  assert.deepEqual(unexpected, []);
});

// Drives the demo page in Chromium as a visitor would, against the real reference server. CHROMIUM names another browser.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test as runTest } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startDemo } from './servers/demo.mjs';

const artifacts = fileURLToPath(new URL('../../artifacts/', import.meta.url));
const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--no-first-run',
  ],
};
const patience = { timeout: 15_000 };

let demo;
let browser;
let page;
const complaints = [];

before(async () => {
  await mkdir(artifacts, { recursive: true });
  demo = await startDemo({ port: 0 });
  browser = await chromium.launch(launchOptions);
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(patience.timeout);
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP violation: ${event.violatedDirective} ${event.blockedURI}`));
  });
});

after(async () => {
  await browser?.close();
  await demo?.close();
});

/** The steps build on each other: after one has failed, the rest are not tried. */
let failedStep;
function test(name, step) {
  runTest(name, async (context) => {
    if (failedStep) return context.skip(`after the failure of "${failedStep}"`);
    failedStep = name;
    await step();
    failedStep = undefined;
    return undefined;
  });
}

const text = async (selector) => (await page.locator(selector).innerText()).trim();
const logCount = (pattern) => page.locator('#log').innerText().then((log) => [...log.matchAll(new RegExp(pattern, 'g'))].length);

async function untilState(state) {
  await page.waitForFunction((wanted) => document.querySelector('#session-state').textContent.trim() === wanted, state, patience);
}

async function untilLogged(pattern, times = 1) {
  await page.waitForFunction(
    ([source, wanted]) => [...document.querySelector('#log').innerText.matchAll(new RegExp(source, 'g'))].length >= wanted,
    [pattern, times],
    patience,
  );
}

/** Calls the echo tool with a text of its own, so that an earlier answer cannot be taken for this one's. */
async function callWith(message) {
  await page.locator('#message').fill(message);
  await page.locator('#call-one:enabled').click();
  await page.waitForFunction((sent) => document.querySelector('#result').textContent.includes(sent), message, patience);
}

async function callTwentyTimes() {
  await page.locator('#call-many:enabled').click();
  await page.waitForFunction(() => /20 sent, \d+ answered/.test(document.querySelector('#result').textContent), undefined, patience);
  return text('#result');
}

async function screenshot(name) {
  await page.screenshot({ path: `${artifacts}page-${name}.png`, fullPage: true });
}

/** Chromium itself complains of every failed fetch; after a fault was asked for, those from the proxy are expected. */
function unexpectedComplaints({ afterFault = false } = {}) {
  const proxyOrigin = new URL(demo.mcpUrl).origin;
  const isExpected = (complaint) => afterFault && complaint.includes('Failed to load resource') && complaint.includes(proxyOrigin);
  return complaints.filter((complaint) => !isExpected(complaint));
}

test('the page loads, and one button is obvious', async () => {
  await page.goto(demo.pageUrl);
  await page.locator('#connect-a:enabled').waitFor();
  assert.equal(await page.locator('#call-one').isDisabled(), true);
  assert.deepEqual(unexpectedComplaints(), []);
  await screenshot('loaded');
});

test('connect: a session with an id of eight characters, and its tools', async () => {
  await page.locator('#connect-a').click();
  await untilState('ready');
  assert.match(await text('#session-id'), /^[\x21-\x7E]{8}(\.\.\.|…)?$/);
  await page.locator('#tool-list > *').first().waitFor();
  await untilLogged(String.raw`\[MCP\]\[\w+\] Session created: .{8}\.\.\.`);
  assert.match(await text('#stats'), /"?totalUsers"?: 1\b/);
});

test('call: the tool answers', async () => {
  await callWith('the first call');
  assert.match(await callTwentyTimes(), /20 sent, 20 answered, 0 failed/);
  assert.deepEqual(unexpectedComplaints(), []);
  await screenshot('called');
});

test('forget: the next call recovers the session and still answers', async () => {
  const idBefore = await text('#session-id');
  await page.locator('#forget').click();
  await callWith('after the loss');
  await untilLogged('Session recovery successful');
  await untilState('ready');
  await page.waitForFunction((old) => document.querySelector('#session-id').textContent.trim() !== old, idBefore, patience);
  assert.deepEqual(unexpectedComplaints({ afterFault: true }), []);
  await screenshot('recovered');
});

test('restart: twenty calls meet a server that comes back', async () => {
  const recoveries = await logCount('Session recovery successful');
  await page.locator('#restart').click();
  assert.match(await callTwentyTimes(), /20 sent, 20 answered, 0 failed/);
  await untilLogged('Session recovery successful', recoveries + 1);
  await untilState('ready');
  assert.deepEqual(unexpectedComplaints({ afterFault: true }), []);
});

test('a second user has a session of their own', async () => {
  const first = await text('#session-id');
  await page.locator('#connect-b').click();
  await page.waitForFunction(() => /"?totalUsers"?: 2\b/.test(document.querySelector('#stats').textContent), undefined, patience);
  await page.waitForFunction((old) => document.querySelector('#session-id').textContent.trim() !== old, first, patience);
  await untilState('ready');
});

test('terminate: the session ends', async () => {
  await page.locator('#terminate').click();
  await untilState('terminated');
  await untilLogged(String.raw`Session terminated: .{8}\.\.\.`);
  assert.deepEqual(unexpectedComplaints({ afterFault: true }), []);
});

test('dark and narrow: nothing overflows', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot('dark');
  await page.setViewportSize({ width: 360, height: 800 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await screenshot('narrow');
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
});

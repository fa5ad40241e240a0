// The first screen of the demo page in Firefox: each fault, with what the server counted. In Chromium: page-story.test.mjs.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPage } from '../helpers/browsers/firefox.mjs';
import { beatsAgree, countsOf, play, stories } from '../helpers/page/story.mjs';
import { startDemo } from '../servers/demo.mjs';

const artifacts = fileURLToPath(new URL('../../../artifacts/', import.meta.url));
let demo;
let firefox;

before(async () => {
  demo = await startDemo({ port: 0 });
  // With reduced motion nothing breaks before a button is pressed.
  firefox = await openPage({ prefs: { 'ui.prefersReducedMotion': 1 } });
  await firefox.send('POST', '/window/rect', { width: 1440, height: 1000 });
  await firefox.send('POST', '/url', { url: demo.pageUrl });
  await visitor.until(() => document.querySelector('#restart-now')?.disabled === false);
});
after(async () => {
  await firefox?.close();
  await demo?.close();
});

const counts = () => countsOf(demo.story.controlUrl);

/** The part of a visitor (visitor.mjs) that the stories need. */
const visitor = {
  /** Between two pages there is none to ask. */
  async until(check, argument) {
    for (let tries = 0; tries < 600; tries += 1) {
      if (await firefox.run(`return Boolean((${check})(words[0]))`, argument ?? null).catch(() => false)) return;
      await wait(100);
    }
    assert.fail(`never: ${check}`);
  },
  text: (selector) => firefox.run('return document.querySelector(words[0]).innerText.trim()', selector),
  page: {
    locator: (selector) => ({
      click: () => firefox.click(selector),
      allInnerTexts: () =>
        firefox.run('return [...document.querySelectorAll(words[0])].map((one) => one.innerText)', selector),
    }),
  },
};

for (const [id, isTrue] of Object.entries(stories))
  test(`${id}: every sentence and number is the server's`, { timeout: 90_000 }, async () => {
    const seen = await play(visitor, counts, id);
    isTrue(seen);
    beatsAgree(seen);
  });

test('the laboratory draws its timeline', { timeout: 60_000 }, async () => {
  await visitor.until(() => document.querySelector('#connect-a')?.disabled === false);
  await firefox.click('#connect-a');
  await visitor.until(() => document.querySelector('#session-state').textContent === 'ready');
  await visitor.until(() => document.querySelector('#timeline').shadowRoot.querySelectorAll('.row').length > 3);
  await mkdir(artifacts, { recursive: true });
  await writeFile(`${artifacts}page-firefox.png`, Buffer.from(await firefox.send('GET', '/screenshot'), 'base64'));
});

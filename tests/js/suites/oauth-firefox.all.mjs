// Logins in Firefox with its pop-up blocker: the table of docs/oauth.md. Clicks are those of WebDriver, which the blocker takes for a user's.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage } from '../helpers/browsers/firefox.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';
import { listen } from '../servers/shared/listen.mjs';

// Both are the defaults of a user's Firefox; drivers switch the first one off.
const prefs = { 'dom.disable_open_during_load': true, 'network.cookie.cookieBehavior': 5 };

let firefox;
before(async () => {
  firefox = await openPage({ prefs });
});
after(() => firefox?.close());

/** Asks again until there is an answer. */
async function until(ask) {
  for (let times = 0; times < 600; times += 1) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nothing came');
}

describe('window.open', () => {
  const open = '(() => { const opened = window.open("about:blank"); opened?.close(); return opened !== null; })()';
  const later = (ms) => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;
  const expired = 'while (navigator.userActivation.isActive) await new Promise((resolve) => setTimeout(resolve, 20));';
  const rows = {
    'in the click itself': [`return ${open}`, true],
    '2 s after the click': [`${later(2_000)} return ${open}`, true],
    'when the click counts no more (5 s)': [`${expired} return ${open}`, false],
    'a second window of one click': [`${open}; return ${open}`, false],
    'in the click, and navigated when the click counts no more': [
      `const opened = window.open("about:blank"); ${expired} opened.location.replace(location.href);
       while (!opened.closed && opened.location.href === "about:blank") ${later(20)} const is = !opened.closed; opened.close(); return is`,
      true,
    ],
  };
  for (const [name, [body, opens]] of Object.entries(rows))
    test(`${name}: ${opens ? 'opens' : 'blocked'}`, async () => {
      await firefox.run(`
        document.body.innerHTML = '<button>go</button>';
        window.outcome = undefined;
        document.querySelector('button').onclick = async () => { window.outcome = { opens: await (async () => { ${body} })() }; };`);
      await firefox.click('button');
      const outcome = await until(() => firefox.run('return window.outcome ?? null'));
      assert.equal(outcome.opens, opens);
    });

  test('without a click: blocked', async () => {
    await firefox.send('POST', '/refresh', {});
    assert.equal(await firefox.run(`return ${open}`), false);
  });
});

describe('a login', () => {
  let as;
  let server;
  before(async () => {
    as = await startAuthorizationServer({ login: 'page' });
    server = await startProtectedServer(as);
  });
  after(() => Promise.all([as?.close(), server?.close()]));

  const address = () => `${firefox.origin}/tests/helpers/oauth/app.html?${new URLSearchParams({ server: server.url })}`;
  const handles = () => firefox.send('GET', '/window/handles');
  /** What the page says in the end. */
  const result = () =>
    until(async () => {
      const text = await firefox.run("return document.querySelector('#result').textContent");
      return /result|failed|signed/.test(text) && text;
    });

  /** Clicks in the application, says yes in the window that opens, and comes back. */
  async function logIn(button, meanwhile = async () => {}) {
    const home = await firefox.send('GET', '/window');
    const before = await handles();
    await firefox.click(button);
    await meanwhile();
    const login = await until(async () => (await handles()).find((handle) => !before.includes(handle)));
    await firefox.send('POST', '/window', { handle: login });
    await until(() => firefox.run("return document.querySelector('#allow') !== null").catch(() => false));
    await firefox.click('#allow');
    await firefox.send('POST', '/window', { handle: home });
  }

  async function open(url = address()) {
    await firefox.send('POST', '/url', { url });
  }
  const untilReady = () => until(() => firefox.run('return window.ready === true'));

  /** Holds the metadata back until the click counts no more; to be awaited after the click. */
  function untilClickIsOver() {
    let isOver = false;
    as.rules.holdMetadata = () => until(() => isOver);
    return async () => {
      await until(() => firefox.run('return !navigator.userActivation.isActive'));
      isOver = true;
    };
  }

  /** A user without credentials. */
  async function forget() {
    await firefox.run("await window.app.auth.signOut('ada', 'notes')");
    await firefox.send('POST', '/refresh', {});
    await untilReady();
  }

  test('a click on "call": the window opens after discovery, and the result arrives', async () => {
    await open();
    await untilReady();
    await logIn('#go');
    assert.equal(await result(), 'result: hello');
    await firefox.send('POST', '/refresh', {});
    await untilReady();
    await firefox.click('#go');
    assert.equal(await result(), 'result: hello');
    assert.equal(as.count('authorize'), 1, 'a reload needs no login');
  });

  test('a login page with COOP: the result arrives', async () => {
    as.rules.pageHeaders = { 'Cross-Origin-Opener-Policy': 'same-origin' };
    await forget();
    await logIn('#go');
    assert.equal(await result(), 'result: hello');
  });

  test('discovery that takes longer than the click counts: signIn has opened its window before', async () => {
    as.rules.pageHeaders = {};
    await forget();
    await logIn('#sign-in', untilClickIsOver());
    assert.equal(await result(), 'signed in');
  });

  test('discovery that takes longer, and no signIn: blocked, and the error says so', async () => {
    await forget();
    const over = untilClickIsOver();
    await firefox.click('#go');
    await over();
    assert.match(await result(), /failed: unauthorized; the browser has blocked the login window/);
  });

  test('in an iframe of another site: the callback comes by postMessage', async (context) => {
    await forget();
    const page = `<!doctype html><title>host</title><iframe width="600" height="300" src="${address().replaceAll('&', '&amp;')}"></iframe>`;
    const host = await listen((_request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(page),
    );
    context.after(host.close);
    await open(host.origin.replace('127.0.0.1', 'localhost'));
    const home = await firefox.send('GET', '/window');
    const enter = async () => {
      await firefox.send('POST', '/window', { handle: home });
      await firefox.send('POST', '/frame', { id: 0 });
    };
    await enter();
    await untilReady();
    const before = await handles();
    await firefox.click('#go');
    const login = await until(async () => (await handles()).find((handle) => !before.includes(handle)));
    await firefox.send('POST', '/window', { handle: login });
    await until(() => firefox.run("return document.querySelector('#allow') !== null").catch(() => false));
    await firefox.click('#allow');
    await enter();
    assert.equal(await result(), 'result: hello');
  });
});

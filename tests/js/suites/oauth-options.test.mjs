// What an application gives a provider: wrong options are refused at once, and flows that need a page or a program say so elsewhere. A logout.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { browser, entry, packageUrl, redirectUri, startWorld } from '../helpers/oauth/world.mjs';

const { callback, clientCredentials, enterprise, fileStorage, jwtBearer, loopback, oauth, popup, redirect } = entry;

let world;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const authorize = async () => redirectUri;
const context = () => ({ userId: 'ada', serverName: 'notes', url: 'http://127.0.0.1:9/mcp' });
/** Runs `act` with some globals of another place. */
async function as(globals, act) {
  const names = Object.keys(globals);
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const name of names) Object.defineProperty(globalThis, name, { value: globals[name], configurable: true });
  try {
    return await act();
  } finally {
    for (const [index, name] of names.entries()) {
      delete globalThis[name];
      if (before[index]) Object.defineProperty(globalThis, name, before[index]);
    }
  }
}

/** One line with the right code that names the provider or the flow. */
const says = (words) => (error) => {
  assert.equal(error.name, 'OAuthError', String(error));
  assert.equal(error.code, 'config');
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

describe('redirectUri', () => {
  for (const [name, uri] of Object.entries({
    'a path where there is no page': '/callback',
    'a name where there is no page': 'callback.html',
    'a fragment': 'https://app.example/callback#done',
    'an empty fragment': 'https://app.example/callback#',
    script: 'javascript:alert(1)',
    'script with slashes': 'JavaScript://x%0aalert(1)',
    data: 'data:text/html,x',
    blob: 'blob:https://app.example/1',
    'a file': 'file:///callback.html',
    empty: '',
    spaces: '  ',
    null: null,
  }))
    test(`${name}: refused at once`, () =>
      assert.throws(() => oauth({ authorize, redirectUri: uri }), says(/^oauth: `redirectUri` .+/)));
  test('http on another machine: refused at once', () =>
    assert.throws(() => oauth({ authorize, redirectUri: 'HTTP://app.example/callback' }), { code: 'insecure_url' }));
  test('that of one server is checked, too', () =>
    assert.throws(
      () => oauth({ authorize, redirectUri, servers: { notes: { redirectUri: '/callback' } } }),
      says(/redirectUri/),
    ));
  for (const uri of ['https://app.example', 'com.example.app:/callback', 'vscode://publisher.name/callback'])
    test(`${uri} is accepted`, () => assert.ok(oauth({ authorize, redirectUri: uri })));

  /** The redirect URI that the authorization server gets. */
  async function sent(options) {
    world = await startWorld();
    await assert.rejects(
      world
        .client({
          ...options,
          authorize: () => {
            throw new Error('seen');
          },
        })
        .connect(),
      /seen/,
    );
    return world.as.log.find(({ path }) => path === '/register').body.redirect_uris[0];
  }
  test('a URL object, and spaces around it', async () => {
    assert.equal(await sent({ redirectUri: new URL(redirectUri) }), redirectUri);
    await world.close();
    assert.equal(await sent({ redirectUri: ` ${redirectUri}\n` }), redirectUri);
  });
  test('what is whole is sent as it was registered', async () =>
    assert.equal(await sent({ redirectUri: 'https://app.example' }), 'https://app.example'));
  test('in a page, a path is one of its origin', () =>
    as({ location: new URL('http://127.0.0.1:9/app/index.html?x#y') }, async () => {
      assert.equal(await sent({ redirectUri: '/callback.html' }), 'http://127.0.0.1:9/callback.html');
      await world.close();
      assert.equal(await sent({ redirectUri: 'callback.html' }), 'http://127.0.0.1:9/app/callback.html');
      await world.close();
      assert.equal(
        await sent({ redirectUri, servers: { notes: { redirectUri: './own' } } }),
        'http://127.0.0.1:9/app/own',
      );
    }));
  test('a server that renders the page does not know it: the provider of a page can be made there', () => {
    for (const flow of [popup, redirect]) assert.ok(oauth({ authorize: flow(), redirectUri: '/callback.html' }));
  });
});

describe('other options', () => {
  for (const [name, [options, words]] of Object.entries({
    'a client id that is a number': [{ clientId: 4711 }, /^oauth: `clientId` has to be a text$/],
    'an empty client id': [{ clientId: '' }, /^oauth: `clientId` has to be a text$/],
    'scopes as a list': [{ scope: ['read', 'write'] }, /^oauth: `scope` has to be a text$/],
    client_id: [{ client_id: 'a' }, /^oauth: `client_id` is called `clientId`$/],
    clientID: [{ clientID: 'a' }, /^oauth: `clientID` is called `clientId`$/],
    scopes: [{ scopes: 'read' }, /^oauth: `scopes` is called `scope`$/],
    'a storage of the browser': [
      { storage: { getItem() {}, setItem() {}, removeItem() {} } },
      /^oauth: `storage` needs get, set and delete$/,
    ],
    'one server alone': [{ servers: { notes: { client_secret: 'x' } } }, /`client_secret` is called `clientSecret`/],
  }))
    test(`${name}: refused at once`, () =>
      assert.throws(() => oauth({ authorize, redirectUri, ...options }), says(words)));
  test('no options', () => assert.throws(() => oauth(), says(/^oauth: `authorize` has to be popup\(\)/)));
  test('undefined is absent', () =>
    assert.ok(oauth({ authorize, redirectUri, clientId: undefined, scope: null, storage: undefined })));
  test('a flow that was not called, or a function without a result: said at the login', async () => {
    for (const wrong of [() => popup(), async () => undefined]) {
      world = await startWorld();
      await assert.rejects(world.client({ authorize: wrong }).connect(), says(/^`authorize` gave no URL/));
      await world.close();
    }
  });
  test('grants without a person say what is missing', async () => {
    world = await startWorld();
    for (const [make, words] of [
      [clientCredentials, /^clientCredentials: `clientId` is missing$/],
      [jwtBearer, /^jwtBearer: `assertion` is missing$/],
      [enterprise, /^enterprise: `clientId` is missing$/],
    ])
      for (const provider of [make(), make({ clientId: undefined })])
        await assert.rejects(provider.token({ ...context(), url: world.server.url, status: 401 }), says(words));
    assert.throws(() => clientCredentials({ client_id: 'a' }), says(/`client_id` is called `clientId`/));
  });
});

describe('the wrong place', () => {
  test('popup() and redirect() in a program', async () => {
    world = await startWorld();
    for (const [flow, words] of [
      [popup(), /^popup\(\) needs a page: use loopback\(\) in a program/],
      [redirect(), /^redirect\(\) needs a page: use loopback\(\) in a program/],
    ]) {
      const provider = oauth({ authorize: flow, redirectUri, storage: entry.memoryStorage() });
      const about = { ...context(), url: world.server.url };
      assert.equal(await provider.token(about), undefined, 'what is stored can be used');
      await assert.rejects(provider.token({ ...about, status: 401 }), says(words));
      await assert.rejects(provider.signIn('ada', 'notes', { url: world.server.url }), says(words));
    }
  });
  test('callback() in a program', () => assert.throws(() => callback(), says(/^callback\(\) needs a page/)));
  test('loopback() and fileStorage() where there are no modules of Node', async () => {
    const { builtin } = await import(packageUrl('../npm/oauth/more/file.js'));
    await assert.rejects(builtin('no-such-module'), says(/^loopback\(\) and fileStorage\(\) need Node, Deno or Bun: /));
    assert.ok(loopback && fileStorage);
  });
});

describe('a logout', () => {
  /** A user whose login is held at one step until `release` is called. */
  async function held(step) {
    world = await startWorld();
    const storage = entry.memoryStorage();
    let release;
    const free = new Promise((resolve) => {
      release = resolve;
    });
    let reach;
    const reached = new Promise((resolve) => {
      reach = resolve;
    });
    const slow = async (input, init) => {
      const response = await fetch(input, init);
      if (new URL(String(input)).pathname === step) {
        reach();
        await free;
      }
      return response;
    };
    return { storage, slow, release, reached, about: { ...context(), url: world.server.url } };
  }

  test('in another tab while the code is redeemed: no token is stored', async () => {
    const { storage, slow, release, reached, about } = await held('/token');
    const [first, second] = [{ fetch: slow }, {}].map((options) => world.provider({ storage, ...options }));
    const login = first.token({ ...about, status: 401 });
    await reached;
    await second.signOut('ada', 'notes', { url: world.server.url });
    release();
    await assert.rejects(login, { code: 'cancelled' });
    for (const provider of [first, second]) assert.equal(await provider.token(about), undefined);
    assert.ok((await first.token({ ...about, status: 401 })).token, 'the next login works');
  });

  test('while a login that has left the page resumes, here or in another tab: no token is stored', async () => {
    for (const isHere of [true, false]) {
      const { storage, slow, release, reached, about } = await held('/token');
      let left;
      const leaving = Object.assign(
        async (url, { signal }) => {
          left.callback = await browser()(url, { signal });
          throw new Error('left');
        },
        { save: (_, pending) => (left = { pending }), take: () => undefined },
      );
      await assert.rejects(world.provider({ storage, authorize: leaving }).token({ ...about, status: 401 }), /left/);
      const back = Object.assign(authorize, {
        save() {},
        take: () => {
          const taken = left;
          left = undefined;
          return taken;
        },
      });
      const page = world.provider({ storage, authorize: back, fetch: slow });
      const resumed = page.token(about);
      await reached;
      await (isHere ? page : world.provider({ storage })).signOut('ada', 'notes', { url: world.server.url });
      release();
      await assert.rejects(resumed, { code: 'cancelled' });
      assert.equal(await world.provider({ storage }).token(about), undefined);
      await world.close();
    }
    world = undefined;
  });

  test('between leaving the page and coming back to it: no token is stored', async () => {
    world = await startWorld();
    const storage = entry.memoryStorage();
    const about = { ...context(), url: world.server.url };
    let left;
    const flow = Object.assign(
      async (url, { signal }) => {
        left.callback = await browser()(url, { signal });
        throw new Error('left');
      },
      {
        save: (_, pending) => (left = { pending }),
        take: () => {
          const taken = left?.callback && left;
          if (taken) left = undefined;
          return taken;
        },
      },
    );
    const provider = world.provider({ storage, authorize: flow });
    await assert.rejects(provider.token({ ...about, status: 401 }), /left/);
    await world.provider({ storage }).signOut('ada', 'notes', { url: world.server.url });
    await assert.rejects(provider.token(about), { code: 'cancelled' });
    assert.equal(await provider.token(about), undefined);
  });
});

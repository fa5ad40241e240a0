// Logins of the gateway, before servers that name addresses of its own network.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ask, Browser, startWorld } from './oauth-world.mjs';

describe('addresses that a server names', () => {
  let world;
  let port;
  let requests = 0;
  let user = 0;
  const traps = [];
  // Each case is the first login of a user: nothing is known of an earlier one.
  const tokenOf = (number) => `token-of-user-${number}`;
  const tokens = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`user-${at}`, tokenOf(at)]));
  before(async () => {
    world = await startWorld({ vars: { BEARER_TOKENS: tokens } });
    // All of 127.0.0.0/8 is this machine, but the configuration names 127.0.0.1 alone.
    for (const host of ['127.0.0.2', '::1', '127.0.0.1']) {
      const trap = createServer((_, response) => {
        requests += 1;
        response.end('{}');
      });
      await new Promise((resolve) => trap.listen(port ?? 0, host, resolve));
      port ??= trap.address().port;
      traps.push(trap);
    }
  });
  after(async () => {
    for (const trap of traps) trap.close();
    await world.stop();
  });

  const hosts = [
    '127.0.0.2',
    '2130706434',
    '0x7f000002',
    '0177.0.0.2',
    '127.2',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.2]',
  ];
  const urls = () => [
    ...hosts.map((host) => `http://${host}:${port}`),
    ...hosts.map((host) => `https://${host}:${port}`),
    'https://169.254.169.254',
    'https://10.0.0.1',
    'https://[fd00::1]',
    'https://metadata.google.internal',
    'ftp://files.example',
    'file:///etc/passwd',
    'data:application/json,{}',
  ];

  const asked = async () => {
    user += 1;
    const { link, status, text } = await ask(world, { token: tokenOf(user) });
    assert.equal(link, undefined, text);
    assert.ok(status >= 400 || text.includes('"error"'), text);
    return text;
  };

  test('as the authorization server', async () => {
    for (const url of urls()) {
      world.server.rules.document = { authorization_servers: [url] };
      await asked();
    }
    world.server.rules.document = {};
    assert.deepEqual([requests, world.as.count('register')], [0, 0]);
  });

  test('in a challenge: passed over, the well-known places are tried', async () => {
    for (const url of urls().slice(0, 6)) {
      world.server.rules.challenge = () => `Bearer resource_metadata="${url}"`;
      user += 1;
      const { link } = await ask(world, { token: tokenOf(user) });
      assert.ok(link);
    }
    world.server.rules.challenge = (usual) => usual;
    assert.equal(requests, 0);
  });

  test('as endpoints', async () => {
    for (const name of ['token_endpoint', 'registration_endpoint', 'authorization_endpoint']) {
      for (const url of urls().filter((_, at) => at % 3 === 0)) {
        world.as.rules.document = { [name]: `${url}/x` };
        user += 1;
        const token = tokenOf(user);
        const { link } = await ask(world, { token });
        if (link) assert.equal((await new Browser().logIn(link, token)).status, 400, `${name} ${url}`);
      }
    }
    world.as.rules.document = {};
    assert.equal(requests, 0);
  });

  test('behind redirects', async () => {
    for (const url of urls().filter((_, at) => at % 3 === 0)) {
      world.server.rules.metadata = () => ({ status: 302, headers: { Location: url }, body: '' });
      await asked();
      world.server.rules.metadata = () => undefined;
      world.as.rules.metadata = () => ({ status: 302, headers: { Location: url } });
      await asked();
      world.as.rules.metadata = () => undefined;
    }
    assert.equal(requests, 0);
  });

  test('PRIVATE_HOSTS allows what it names', async () => {
    await world.stack.restartGateway({ vars: { PRIVATE_HOSTS: 'localhost' } });
    world.server.rules.document = { authorization_servers: [`http://localhost:${port}`] };
    await asked();
    assert.ok(requests > 0);
    world.server.rules.document = {};
  });
});

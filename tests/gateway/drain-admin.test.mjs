// The administrator drains a server, or one of its addresses, while the gateway runs, and undoes it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startDrainable } from './drainable-servers.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { adminToken } from './stack.mjs';

const VERSION = '2026-07-28';
const command = fileURLToPath(new URL('../../gateway/package/cli.mjs', import.meta.url));

describe('the administrator', () => {
  let replicas;
  let modern;
  let stack;
  let servers;
  let stop;
  before(async () => ({ replicas, modern, stack, servers, stop } = await startDrainable()));
  after(() => stop?.());

  const user = (path, token) => sender(new URL(`/${path}/mcp`, stack.url), token);
  const admin = (method, path, token = adminToken) => sender(stack.url, token).send(method, { path });
  const listed = async (name) =>
    (await (await admin('GET', '/admin/servers')).json()).servers.find(({ server }) => server === name);
  const drain = (method, server, address) =>
    admin(method, `/admin/servers/${server}/drain${address ? `?address=${encodeURIComponent(address)}` : ''}`);
  const echo = async (who, session) =>
    (await messageOf(await who.call(session, 'echo', { text: 'here' }))).result.content[0].text;
  const run = (args, token = adminToken) =>
    new Promise((resolve) => {
      const env = { ...process.env, ADMIN_TOKEN: token };
      execFile(
        process.execPath,
        [command, 'drain', ...args, '--gateway', stack.origin],
        { env },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  const audited = (action) =>
    stack.lines
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.includes(`"action":"${action}"`))
      .map((line) => JSON.parse(line));

  test('drains an address: its sessions go on, new ones are opened at another, also after a restart', async () => {
    const ada = user('pair');
    const session = await ada.open();
    const [own, other] = replicas[0].counts.initialize > 0 ? replicas : replicas.toReversed();
    const replica = own === replicas[0] ? 'url' : 'replicas[0]';
    const response = await drain('PUT', 'pair', own.url);
    assert.equal(response.status, 200);
    const told = await response.json();
    assert.deepEqual(
      told.addresses.map(({ address, drained, by }) => [address, drained, by]),
      replicas.map(({ url }) => [url, url === own.url, url === own.url ? 'administrator' : undefined]),
    );
    assert.deepEqual([told.server, told.drained], ['pair', false]);
    assert.deepEqual(await listed('pair'), told);
    assert.equal((await drain('PUT', 'pair', own.url)).status, 200, 'again');
    assert.equal(await echo(ada, session), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [1, 0]);
    assert.equal(await echo(ada, await ada.open()), 'here');
    await stack.restartGateway();
    assert.equal(await echo(ada, await ada.open()), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [1, 2]);
    // A session of it that is lost is recovered at the other one.
    await own.forgetSessions();
    assert.equal(await echo(ada, session), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [1, 3]);
    assert.equal((await drain('DELETE', 'pair', own.url)).status, 200);
    assert.equal(await echo(ada, await ada.open()), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [2, 3]);
    const [{ audit, server, replica: named }] = audited('admin.drained');
    assert.deepEqual([audit, server, named], [true, 'pair', replica]);
    assert.deepEqual(
      audited('admin.undrained').map((line) => [line.server, line.replica]),
      [['pair', replica]],
    );
    const metrics = await (await admin('GET', '/metrics')).text();
    for (const action of ['drain', 'undrain'])
      assert.match(
        metrics,
        new RegExp(`mcp_tether_drains_total\\{server="pair",replica="[^"]+",action="${action}"\\} `),
      );
    const got = (place) =>
      Number(metrics.match(`replica_requests_total\\{server="pair",replica="${place}",status="2xx"\\} (\\d+)`)?.[1]);
    assert.ok(got('url') > 0 && got('replicas\\[0\\]') > 0);
  });

  test('drains a server: new sessions and requests get 503 until that is undone', async () => {
    const ada = user('one');
    const session = await ada.open();
    const meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const list = () =>
      user('modern').send('POST', {
        headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/list' },
        body: ada.rpc('tools/list', { _meta: meta }, 7),
      });
    assert.equal((await list()).status, 200);
    for (const name of ['one', 'modern']) assert.equal((await (await drain('PUT', name)).json()).drained, true);
    assert.equal(await echo(ada, session), 'here');
    const refused = await ada.send('POST', { body: ada.rpc('initialize', initializeParams, 'begin') });
    const { id, error } = await refused.json();
    assert.deepEqual([refused.status, refused.headers.get('retry-after'), id], [503, '30', 'begin']);
    assert.match(error.message, /drained/);
    assert.equal((await list()).status, 503);
    for (const name of ['one', 'modern']) assert.equal((await (await drain('DELETE', name)).json()).drained, false);
    assert.equal(await echo(ada, await ada.open()), 'here');
    assert.equal((await list()).status, 200);
    const metrics = await (await admin('GET', '/metrics')).text();
    for (const name of ['one', 'modern'])
      assert.match(metrics, new RegExp(`mcp_tether_refused_total\\{server="${name}",reason="drained"\\} 1`));
  });

  test('uses the command of the package', async () => {
    const [first, second] = replicas.map(({ url }) => url);
    const lines = (...states) => states.map(([url, state]) => `  ${url}  ${state}\n`).join('');
    const drained = `pair\n${lines([first, 'in use'], [second, 'drained by the administrator'])}`;
    assert.deepEqual(await run(['pair', second]), { code: 0, stdout: drained, stderr: '' });
    const { stdout } = await run([]);
    assert.ok(stdout.includes(drained) && stdout.includes('\nmodern\n'), stdout);
    const used = `pair\n${lines([first, 'in use'], [second, 'in use'])}`;
    assert.deepEqual(await run(['pair', second, '--undo']), { code: 0, stdout: used, stderr: '' });
    assert.match((await run(['pair', 'http://elsewhere.example/mcp'])).stderr, /one of the server's addresses/);
    assert.match((await run(['unknown'])).stderr, /no such server/);
    assert.match((await run(['pair'], 'guess')).stderr, /does not accept ADMIN_TOKEN/);
    assert.match((await run(['pair'], '')).stderr, /ADMIN_TOKEN: is not set/);
  });

  test('is no one else, and cannot drain what is not configured', async () => {
    for (const name of ['constructor', '__proto__', 'toString'])
      for (const method of ['PUT', 'DELETE'])
        assert.equal((await admin(method, `/admin/servers/${name}/drain`)).status, 404, name);
    for (const token of ['token-of-ada', 'guess']) {
      assert.equal((await admin('PUT', '/admin/servers/pair/drain', token)).status, 401);
      assert.equal((await admin('GET', '/admin/servers', token)).status, 401);
    }
    assert.equal((await listed('pair')).drained, false);
    assert.equal((await drain('PUT', 'unknown')).status, 404);
    assert.equal((await drain('PUT', 'pair', 'http://elsewhere.example/mcp')).status, 400);
    for (const method of ['GET', 'POST']) assert.equal((await drain(method, 'pair')).status, 405);
    assert.equal((await admin('PUT', '/admin/servers')).status, 405);
  });

  test('leaves no drain of an address that is no longer configured', async () => {
    const [first, second] = replicas.map(({ url }) => url);
    await drain('PUT', 'pair', second);
    servers.pair = { url: first };
    await stack.restartGateway();
    await drain('PUT', 'one');
    servers.pair = { url: first, replicas: [second] };
    await stack.restartGateway();
    assert.deepEqual(
      (await listed('pair')).addresses.map(({ drained }) => drained),
      [false, false],
    );
    assert.equal((await listed('one')).drained, true);
    await drain('DELETE', 'one');
  });
});

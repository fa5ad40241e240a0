// Parts of the gateway's logins, without a gateway: addresses that are refused, and what is encrypted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listWithout } from '../../gateway/oauth/before-login.js';
import { isPrivate } from '../../gateway/oauth/private-host.js';
import { Vault } from '../../gateway/oauth/vault.js';

const hostOf = (host) => new URL(`https://${host}/`).hostname;

test('private hosts, in all forms that a URL may have', () => {
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.1.',
    '１２７.0.0.1',
    '0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '0xa9fea9fe',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[2001:db8::1]',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    'printer',
    'printer.local',
    'metadata.google.internal',
    'metadata.google.internal.',
    'nas.home.arpa',
  ])
    assert.equal(isPrivate(hostOf(host)), true, host);
});

test('public hosts', () => {
  for (const host of [
    'example.com',
    'example.com.',
    'localhost.example.com',
    'internal.example',
    '8.8.8.8',
    '11.0.0.1',
    '100.128.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '223.255.255.255',
    '[2606:4700::1111]',
    '[2001:4860:4860::8888]',
    '[2a00:1450::1]',
  ])
    assert.equal(isPrivate(hostOf(host)), false, host);
});

const [first, second] = ['a', 'b'].map((letter) => Buffer.alloc(32, letter).toString('base64'));

test('what is sealed opens with its key and its purpose alone', async () => {
  const vault = new Vault([first], 'x');
  const sealed = await vault.seal('a token', ['ada', 'notes']);
  assert.ok(!sealed.includes('token') && !Buffer.from(sealed.split('.')[2], 'base64url').includes('token'));
  assert.notEqual(await vault.seal('a token', ['ada', 'notes']), sealed, 'a nonce of its own');
  assert.deepEqual(await vault.open(sealed, ['ada', 'notes']), { text: 'a token', isOld: false });
  assert.equal(await vault.open(sealed, ['bob', 'notes']), undefined);
  assert.equal(await vault.open(sealed, ['adanotes']), undefined);
  assert.equal(await new Vault([second], 'x').open(sealed, ['ada', 'notes']), undefined);
  for (const at of [0, 10, 30, sealed.length - 3]) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    assert.equal(await vault.open(sealed.slice(0, at) + other + sealed.slice(at + 1), ['ada', 'notes']), undefined);
  }
  for (const junk of ['', '.', 'a.b.c', '%.%.%', '..']) assert.equal(await vault.open(junk, []), undefined, junk);
});

test('the newest key seals, older ones open', async () => {
  const sealed = await new Vault([first], 'x').seal('a token', []);
  const rotated = new Vault([second, first], 'x');
  assert.deepEqual(await rotated.open(sealed, []), { text: 'a token', isOld: true });
  const anew = await rotated.seal('a token', []);
  assert.deepEqual(await new Vault([second], 'x').open(anew, []), { text: 'a token', isOld: false });
});

test('keys that are none are refused', () => {
  for (const keys of [[], ['short'], ['%%%'], [first, 'short'], [Buffer.alloc(31).toString('base64')]])
    assert.throws(() => new Vault(keys, 'mcpServers.notes.auth'), /^Error: TOKEN_KEYS: /);
});

test('a list of what the server does not have is empty; everything else is the server’s to answer', () => {
  const has = { tools: {}, resources: { subscribe: true } };
  assert.deepEqual(listWithout('prompts/list', has), { prompts: [] });
  assert.deepEqual(listWithout('tools/list', {}), { tools: [] });
  assert.deepEqual(listWithout('resources/templates/list', {}), { resourceTemplates: [] });
  for (const method of [
    'tools/list',
    'resources/list',
    'resources/templates/list',
    'tools/call',
    'prompts/get',
    'ping',
  ])
    assert.equal(listWithout(method, has), undefined, method);
});

// Credentials that are not used have an end: they are revoked and deleted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, Browser, startWorld, users } from './oauth-world.mjs';
import { until } from './stack.mjs';

const auditOf = ({ stack }) =>
  stack.lines.flatMap((line) => (line.includes('"login.expired"') ? [JSON.parse(line.slice(line.indexOf('{')))] : []));

for (const [name, document] of Object.entries({
  'are revoked, deleted and audited; the next call asks for a login': {},
  'are deleted where the authorization server revokes nothing': { revocation_endpoint: undefined },
}))
  test(`unused credentials ${name}`, async (t) => {
    const world = await startWorld({ as: { document }, vars: { CREDENTIALS_MAX_IDLE: 2_000 } });
    t.after(() => world.stop());
    const { link } = await ask(world);
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    const [audited] = await until(() => auditOf(world).length > 0 && auditOf(world), 'the credentials end');
    assert.deepEqual([audited.server, typeof audited.user], ['notes', 'string']);
    assert.ok(!world.stack.lines.join('\n').includes(users.ada));
    assert.equal(world.as.count('revoke') > 0, !('revocation_endpoint' in document));
    const registrations = world.as.count('register');
    assert.ok((await ask(world)).link, 'another login');
    assert.equal(world.as.count('register'), registrations + 1, 'nothing was left of the old client');
  });

test('credentials that are used stay', async (t) => {
  const world = await startWorld({ vars: { CREDENTIALS_MAX_IDLE: 3_000 } });
  t.after(() => world.stop());
  assert.equal((await new Browser().logIn((await ask(world)).link, users.ada)).status, 200);
  const end = Date.now() + 4_500;
  while (Date.now() < end) {
    assert.equal((await ask(world)).link, undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.deepEqual(auditOf(world), []);
});

// Replicas that answer with something else, that close, or whose name does not resolve. Those that hang are in broken-replicas.all.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { breaksBy, modernUser } from './broken-replicas.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const names = Array.from({ length: 6 }, (_, at) => `user-${at}`);
const BEARER_TOKENS = Object.fromEntries(names.map((name) => [name, `token-of-${name}`]));

breaksBy(['page', 'bad gateway', 'closes']);

test('a replica whose name does not resolve: all users are served by the other one', async (t) => {
  const [old, modern] = await Promise.all([startSdkServer(), startModernServer()]);
  const config = (url) => ({ url: 'http://replica.invalid/mcp', replicas: [url], sessionConfig: { retryDelay: 50 } });
  const servers = { old: config(old.url), modern: config(modern.url) };
  const stack = await startStack({ server: false, servers, vars: { BEARER_TOKENS } });
  t.after(async () => {
    await stack.stop();
    await Promise.all([old.close(), modern.close()]);
  });
  for (const name of names) {
    const user = (path) => sender(`${stack.origin}/${path}/mcp`, BEARER_TOKENS[name]);
    const session = await user('old').open();
    const { result } = await messageOf(await user('old').call(session, 'echo', { text: name }));
    assert.equal(result.content[0].text, name);
    const { call, post } = modernUser(user('modern'));
    assert.ok((await post('tools/list')).result);
    assert.ok((await call(name)).result, 'the address is avoided');
    assert.equal(modern.counts.executions[name], 1);
  }
});

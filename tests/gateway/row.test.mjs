// What a session object stores of its session with the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Row } from '../../gateway/row.js';

test('the verdict of discovery does not take the place of the session', () => {
  const { storage } = new Row({ exec: () => ({ toArray: () => [] }) });
  storage.set('mcp-tether:3:ada:notes', 'the session');
  storage.set('mcp-tether:server:1', 'the verdict');
  assert.equal(storage.get('mcp-tether:server:1'), null);
  storage.delete('mcp-tether:server:1');
  assert.equal(storage.get('mcp-tether:3:ada:notes'), 'the session');
});

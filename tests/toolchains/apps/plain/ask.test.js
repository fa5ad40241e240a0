import { expect, test } from 'bun:test';
import { ask } from './application.js';

test('asks', async () => {
  expect(await ask(process.env.SERVER)).toBe('grüße');
});

import { expect, inject, test } from 'vitest';
import { ask } from './application.js';

test('asks', async () => {
  expect(await ask(inject('server'))).toBe('grüße');
});

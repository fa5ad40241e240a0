// The first screen in several windows at once: each tells what is true of itself.
// Runs late: the stories are of calls that are made each second, which a busy machine delays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { another, nameOf, openFirst, tellsItsOwn } from '../helpers/page/windows.mjs';

describe('several windows', () => {
  let visitor;
  before(async () => {
    visitor = await openFirst();
  });
  after(() => visitor?.close());

  test('two that play at once: each tells what the server counted for it', { timeout: 120_000 }, async () => {
    const other = await another(visitor);
    assert.notEqual(await nameOf(other), await nameOf(visitor));
    await Promise.all([tellsItsOwn(visitor, 'cut'), tellsItsOwn(other, 'restart')]);
    // The other one's calls go on meanwhile.
    await tellsItsOwn(visitor, 'forget');
    await other.page.close();
  });

  test('three, of which one is a copy with the same storage', { timeout: 180_000 }, async () => {
    const [other, copy] = [await another(visitor), await another(visitor, visitor)];
    const names = await Promise.all([visitor, other, copy].map(nameOf));
    assert.equal(new Set(names).size, 3, names.join());
    await Promise.all([tellsItsOwn(visitor, '503'), tellsItsOwn(copy, 'tab'), tellsItsOwn(other, 'offline')]);
    await other.page.close();
    await copy.page.close();
  });
});

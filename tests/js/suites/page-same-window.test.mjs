// The first screen after a reload, and after its visitor went away and came back: it is the same window, and tells what is true of it.
// Runs late: the stories are of calls that are made each second, which a busy machine delays.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isTrue, nameOf, openFirst, ready } from '../helpers/page/windows.mjs';

describe('one window', () => {
  let visitor;
  before(async () => {
    visitor = await openFirst();
  });
  after(() => visitor?.close());

  test('after a reload, and after going away and back, it has the same name', { timeout: 180_000 }, async () => {
    const name = await nameOf(visitor);
    const { page } = visitor;
    await page.reload();
    await ready(visitor);
    assert.equal(await nameOf(visitor), name);
    await isTrue(visitor, 'reload');
    await page.goto(new URL('doctor.html', visitor.demo.pageUrl).href);
    await page.goBack();
    await ready(visitor);
    assert.equal(await nameOf(visitor), name);
    await isTrue(visitor, 'tab');
  });
});

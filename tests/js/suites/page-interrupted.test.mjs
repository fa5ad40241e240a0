// The stories of the first screen, interrupted because the browser is offline or the server of the demo is gone: each ends with a true sentence,
// and can be told again.
// Runs late: the stories are of calls that are made each second, which a busy machine delays.
import { after, before, describe, test } from 'node:test';
import { openVisitor } from '../helpers/page/visitor.mjs';
import { begin, calm, isTrue, openFirst, press, ready, tellsItsOwn, untold } from '../helpers/page/windows.mjs';
import { startDemo } from '../servers/demo.mjs';

describe('interrupted', () => {
  let visitor;
  before(async () => {
    visitor = await openFirst();
  });
  after(() => visitor?.close());

  test('begun offline', { timeout: 120_000 }, async () => {
    await visitor.context.setOffline(true);
    await press(visitor, 'forget');
    await untold(visitor, 'forget', /^The browser is offline\. Press again when it is online\.$/);
    await visitor.context.setOffline(false);
    await isTrue(visitor, 'forget');
  });

  for (const id of ['restart', 'cut', 'tab'])
    test(`${id}: offline in the middle`, { timeout: 180_000 }, async () => {
      await visitor.page.reload();
      await ready(visitor);
      await begin(visitor, id);
      await visitor.context.setOffline(true);
      await untold(visitor, id, /^The browser went offline in the middle\. Press again when it is online\.$/);
      await visitor.context.setOffline(false);
      await tellsItsOwn(visitor, 'forget');
    });

  test('the server of the demo is gone in the middle', { timeout: 180_000 }, async () => {
    await visitor.page.reload();
    await ready(visitor);
    const second = await startDemo({ port: 0 });
    const other = await openVisitor(second.pageUrl, calm);
    try {
      await ready(other);
      await begin(other, 'restart');
      await second.close();
      await untold(other, 'restart', /^The server of this screen cannot be reached\. If it was started again, reload/);
      await press(other, 'forget');
      await untold(other, 'forget', /^The server of this screen cannot be reached/);
    } finally {
      await other.close();
    }
    await isTrue(visitor, 'forget');
  });
});

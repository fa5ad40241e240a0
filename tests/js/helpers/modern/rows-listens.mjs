// Change notifications of modern servers: `subscriptions/listen` behind subscribeResource() and notification handlers.
import assert from 'node:assert/strict';
import { listenMessage } from '../../servers/modern-faults/healthy.mjs';

const uri = 'test://thing';
/**
 * The listens in the order of their ids. They use connections of their own, so a later one may arrive before an earlier
 * one.
 */
const listens = (use) => [...(use.counts.listens ?? [])].sort((one, other) => one.id - other.id);
/** Whether the latest listen requests updates of these resources. */
const asksFor = (use, ...uris) => {
  const wanted = listens(use).at(-1)?.notifications.resourceSubscriptions ?? [];
  return JSON.stringify([...wanted].sort()) === JSON.stringify([...uris].sort());
};
const updated = (of) => (opener) => listenMessage(opener, 'notifications/resources/updated', { uri: of });
const changed = (what) => (opener) => listenMessage(opener, `notifications/${what}/list_changed`);

/** Subscribes, and waits until the server has the stream open. */
async function subscribed(use, ...uris) {
  const session = await use.connect();
  for (const one of uris) await session.subscribeResource({ uri: one });
  await use.until(() => asksFor(use, ...uris) && use.counts.openStreams === 1, 'one subscription for all');
  return session;
}

/** A subscription that fails: calls continue, and the request rate is bounded. */
const patient = (fault, most) => ({
  name: `/${fault}: calls continue, and the request rate is bounded`,
  fault,
  async run(use) {
    const session = await use.connect();
    session.setNotificationHandler('notifications/tools/list_changed', () => {});
    await Promise.race([use.outcome(session.subscribeResource({ uri })), use.watch(500)]);
    await use.watch(2_000);
    await use.call(session);
  },
  counts: { executed: 1, 'subscriptions/listen': [1, most], 'server/discover': [1, 2] },
});

export const listenRows = [
  {
    name: 'updates of a resource arrive, and nothing but the revision’s own is sent for them',
    fault: 'healthy',
    async run(use) {
      const session = await subscribed(use, uri);
      const heard = [];
      session.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.push(params.uri));
      use.server.tell(use.path, updated(uri));
      await use.until(() => heard.length === 1, 'the update arrives');
      assert.deepEqual(heard, [uri]);
    },
    counts: { 'resources/subscribe': 0 },
  },
  {
    name: 'several subscriptions, and one that is cancelled',
    fault: 'healthy',
    async run(use) {
      const session = await subscribed(use, 'test://a', 'test://b');
      await session.unsubscribeResource({ uri: 'test://a' });
      await use.until(
        () => asksFor(use, 'test://b') && use.counts.openStreams === 1,
        'the filter matches the current subscriptions',
      );
      await session.unsubscribeResource({ uri: 'test://b' });
      await use.until(
        () => !(use.counts.openStreams > 0 && listens(use).at(-1).notifications.resourceSubscriptions?.length),
        'no subscription is left',
      );
    },
    counts: { 'resources/unsubscribe': 0 },
  },
  {
    name: 'changed lists are delivered to a handler, and the cached list is dropped',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      const heard = [];
      for (const what of ['tools', 'prompts', 'resources']) {
        session.setNotificationHandler(`notifications/${what}/list_changed`, ({ method }) => heard.push(method));
      }
      const asked = () => use.counts.listens?.at(-1)?.notifications ?? {};
      await use.until(
        () =>
          use.counts.openStreams === 1 &&
          asked().toolsListChanged &&
          asked().promptsListChanged &&
          asked().resourcesListChanged,
        'a subscription to all three',
      );
      for (const what of ['tools', 'prompts', 'resources']) use.server.tell(use.path, changed(what));
      await use.until(() => heard.length >= 3, 'all three arrive');
    },
  },
  {
    name: 'caching: a change notification makes a fresh list stale',
    fault: 'cached',
    settings: { ttl: 60_000 },
    async run(use) {
      const session = await use.connect();
      session.setNotificationHandler('notifications/tools/list_changed', () => {});
      await use.until(() => use.counts.openStreams === 1, 'the subscription');
      await session.listTools();
      use.server.tell(use.path, changed('tools'));
      await use.until(
        async () => (await session.listTools()).tools[0].description !== 'list 1',
        'the list is fetched again',
      );
    },
    counts: { 'tools/list': [2, 3] },
  },
  {
    name: 'a subscription that is cut is reopened with a new id and the whole filter',
    fault: 'listen-cut',
    async run(use) {
      const session = await use.connect();
      const heard = [];
      session.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.push(params.uri));
      await session.subscribeResource({ uri });
      const asking = () =>
        listens(use).filter(({ notifications }) => notifications.resourceSubscriptions?.includes(uri));
      await use.until(() => asking().length >= 2, 'it is reopened');
      const [first, second] = asking();
      assert.notEqual(first.id, second.id);
      assert.deepEqual(second.notifications, first.notifications);
      assert.equal(second.notifications.toolsListChanged, true);
      // Sent until one arrives: the server may still have a stream open that the client has left.
      await use.until(() => {
        use.server.tell(use.path, updated(uri));
        return heard.includes(uri);
      }, 'the update arrives');
    },
    counts: { 'subscriptions/listen': [2, 4] },
  },
  {
    name: 'a subscription that is cancelled as on stdio has ended',
    fault: 'listen-cancelled',
    async run(use) {
      const session = await use.connect();
      await use.outcome(session.subscribeResource({ uri }));
      await use.watch(1_000);
      await use.call(session);
    },
    counts: { executed: 1, 'subscriptions/listen': [1, 4] },
  },
  patient('listen-ends', 10),
  patient('listen-refused', 10),
  patient('listen-unknown', 3),
  patient('listen-failing', 10),
  patient('listen-mute', 4),
  patient('listen-empty', 4),
  {
    name: 'close() ends the subscription',
    fault: 'healthy',
    async run(use) {
      await subscribed(use, uri);
      await use.manager.close();
      await use.until(() => use.counts.openStreams === 0, 'the stream is closed');
    },
  },
];

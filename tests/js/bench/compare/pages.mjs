// Comparisons in a page of Chromium: every client in a page of its own, on another origin than the server.
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startFaultServer } from '../../servers/fault-server.mjs';
import { startOutageServer, worstSecond } from '../../servers/outage-server.mjs';
import { faults } from './faults.mjs';
import { callTimeout, describeCrowd, untilStreamOpens } from './outages.mjs';

let bundle;

/** The clients for a page, as one script. */
async function bundleClients() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page-clients.mjs', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** Opens a page with one client in it, as `open` there. */
async function openClientPage(chromium, name) {
  bundle ??= bundleClients();
  const page = await chromium.newPage();
  await page.addScriptTag({ content: await bundle });
  await page.evaluate(async (client) => {
    globalThis.open = await globalThis.compare.opener(client);
  }, name);
  return page;
}

/** Runs a comparison in a page with a server of its own, and closes both. */
const inPage =
  (start, work) =>
  async (name, { chromium }) => {
    const server = await start();
    let page;
    try {
      page = await openClientPage(await chromium(), name);
      return await work({ page, server, name });
    } finally {
      await page?.context().close();
      await server.close();
    }
  };

async function startPlace(fault) {
  const server = await startFaultServer({ faults: { healthy: {}, ...faults } });
  const path = `/${fault}/page`;
  return { url: server.url(path), counts: () => server.counts(path), close: server.close };
}

const outage = (kind, ms) =>
  inPage(
    () => startOutageServer(kind),
    async ({ page, server }) => {
      const sent = [];
      page.on('request', () => sent.push(performance.now()));
      await page.evaluate(
        async ([url, timeout]) => {
          globalThis.client = await globalThis.open(url, { timeout });
          await globalThis.client.tools();
        },
        [server.url, callTimeout],
      );
      await untilStreamOpens(server);
      sent.length = 0;
      const { ended } = await server.begin(ms);
      const finished = page.evaluate(() => globalThis.compare.crowd(globalThis.client));
      await ended;
      const meanwhile = [...sent];
      const outcomes = await finished;
      return `${describeCrowd(outcomes, server.counts().executions)}; ${meanwhile.length} requests during it, ${worstSecond(meanwhile)} in the worst second`;
    },
  );

const sixSessions = inPage(
  () => startPlace('healthy'),
  async ({ page, server }) => {
    const opened = await page.evaluate(async (url) => {
      const patient = new Promise((resolve) => setTimeout(resolve, 8_000));
      globalThis.six = [];
      for (let number = 0; number < 6; number += 1) {
        const client = await Promise.race([globalThis.open(url, { timeout: 5_000, user: `user ${number}` }), patient]);
        if (client) globalThis.six.push(client);
      }
      return globalThis.six.length;
    }, server.url);
    await untilStreamOpens(server, 6);
    const answered = await page.evaluate(async () => {
      const outcomes = await Promise.all(
        globalThis.six.map((client, index) =>
          client.call('unsafe', { key: `key ${index}` }).then(
            () => true,
            () => false,
          ),
        ),
      );
      return outcomes.filter(Boolean).length;
    });
    return `${answered}/6 answered; ${opened} sessions opened, ${server.counts().openStreams} streams open`;
  },
);

const cachedStream = inPage(
  () => startPlace('get-cacheable'),
  async ({ page, server }) => {
    await page.evaluate((url) => {
      globalThis.heard = { ann: [], bob: [] };
      const enter = (user) =>
        globalThis.open(url, {
          timeout: 5_000,
          headers: { Authorization: `Bearer ${user}` },
          onnotification: ({ params }) => globalThis.heard[user].push(params?.data),
        });
      globalThis.enter = enter;
      return enter('ann').then(() => undefined);
    }, server.url);
    await page.waitForFunction(() => globalThis.heard.ann.length > 0, undefined, { timeout: 5_000 });
    await page.evaluate(() => globalThis.enter('bob').then(() => undefined));
    await page.waitForFunction(() => globalThis.heard.bob.length > 0, undefined, { timeout: 5_000 });
    // Time for the streams to be reopened, from the cache or not.
    await wait(3_000);
    const heard = await page.evaluate(() => globalThis.heard);
    const foreign = Object.entries(heard).flatMap(([user, events]) =>
      events.filter((data) => data !== `Bearer ${user}`),
    ).length;
    const all = heard.ann.length + heard.bob.length;
    return `${foreign > 0 ? 'LEAK' : 'no leak'}: ${foreign} of ${all} events reached the wrong user; ${server.counts().http.GET} GETs reached the server`;
  },
);

/** @type {import('./run.mjs').Comparison[]} */
export const pages = [
  {
    name: "S. in a page: the server's port is closed for 3 s; the same calls",
    page: true,
    atOnce: true,
    limit: 60_000,
    perform: outage('refused', 3_000),
  },
  {
    name: 'S. in a page: the proxy answers 502 without CORS headers for 3 s; the same calls',
    page: true,
    atOnce: true,
    limit: 60_000,
    perform: outage('hidden-502', 3_000),
  },
  {
    name: 'T. in a page: sessions of six users at one HTTP/1.1 origin, a call each',
    page: true,
    atOnce: true,
    perform: sixSessions,
  },
  {
    name: 'U. in a page: a CDN lets caches keep the GET stream; two users',
    page: true,
    atOnce: true,
    perform: cachedStream,
  },
];

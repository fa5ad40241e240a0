// The official conformance suites' server scenarios: those that pass against a server have to pass through the gateway.
// They run without authentication, which the suites do not support.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startGateway } from '../../gateway/local.mjs';
import { next, run, stable, suiteNode } from '../js/helpers/conformance/suite.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { startModernEverything } from './servers/everything-modern.mjs';
import { startSessionsServer } from './servers/everything-sessions.mjs';

const runs = [
  // Its raw request names 2025-03-26, for which the SDK's server sends no priming event: it warns about that.
  { revision: '2025-11-25', suite: stable, server: 'sessions', notDirectly: ['server-sse-polling'] },
  { revision: '2025-11-25', suite: next, server: 'sessions', notDirectly: [] },
  { revision: '2026-07-28', suite: next, server: 'modern', notDirectly: [] },
];

describe('conformance: server scenarios, directly and through the gateway', () => {
  const direct = {};
  let gateway;
  let state;
  before(async () => {
    [direct.sessions, direct.modern] = await Promise.all([startSessionsServer(), startModernEverything()]);
    state = await mkdtemp(join(tmpdir(), 'gateway-'));
    const port = await findFreePort();
    gateway = await startGateway({
      servers: { sessions: { url: direct.sessions.url }, modern: { url: direct.modern.url } },
      vars: {
        AUTH: 'none',
        ALLOWED_ORIGINS: `http://127.0.0.1:${port}`,
        RATE_PER_MINUTE: 0,
        MAX_SESSIONS_PER_USER: 1_000,
      },
      state,
      port,
      log: () => {},
    });
  });
  after(async () => {
    await gateway.stop();
    await Promise.all(Object.values(direct).map((server) => server.close()));
    await rm(state, { recursive: true, force: true });
  });

  for (const { revision, suite, server, notDirectly } of runs) {
    test(`${revision} on ${suite.version}`, async (t) => {
      const [before, through] = await Promise.all(
        [direct[server].url, gateway.url(server)].map((url) => scenarios(suite, revision, url)),
      );
      const passing = (results) => [...results.keys()].filter((name) => passes(results.get(name)));
      t.diagnostic(`directly ${passing(before).length} of ${before.size} pass: ${passing(before).join(', ')}`);
      t.diagnostic(
        `through the gateway ${passing(through).length} of ${through.size} pass: ${passing(through).join(', ')}`,
      );
      assert.deepEqual(
        [...before.keys()].filter((name) => !passes(before.get(name))),
        notDirectly,
      );
      const lost = passing(before)
        .map((name) => [name, missing(before.get(name), through.get(name))])
        .filter(([, checks]) => checks.length > 0);
      assert.deepEqual(Object.fromEntries(lost), {}, 'scenarios that pass directly pass through the gateway');
    });
  }
});

/** Runs all scenarios of a suite for a revision. Returns each one's checks, by its name. */
async function scenarios(suite, revision, url) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const { output } = await run(suiteNode, [
      suite.program,
      'server',
      '--url',
      url,
      '--suite',
      'all',
      '--spec-version',
      revision,
      '--output-dir',
      folder,
    ]);
    const results = new Map();
    for (const entry of (await readdir(folder)).sort()) {
      const name = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(entry)[1];
      results.set(name, JSON.parse(await readFile(join(folder, entry, 'checks.json'), 'utf8')));
    }
    assert.ok(results.size > 0, output);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// The server ends a stream in the middle of a call; the gateway resumes it itself, and the client is not affected.
const healed = ['server-sse-disconnect-resume'];

const judged = (checks) => checks.filter(({ status }) => status !== 'INFO');
const passes = (checks) => judged(checks).length > 0 && judged(checks).every(({ status }) => status === 'SUCCESS');

/** The checks that failed through the gateway, and those that did not run. */
function missing(direct, through = []) {
  const made = judged(through).map(({ id }) => id);
  const unmade = judged(direct)
    .map(({ id }) => id)
    .filter((id) => !made.includes(id) && !healed.includes(id));
  return [
    ...judged(through)
      .filter(({ status }) => status !== 'SUCCESS')
      .map(({ id, errorMessage }) => `${id}: ${errorMessage}`),
    ...unmade,
  ];
}

// The conformance suites' server scenarios, run against a server directly and through the gateway: what passes directly
// has to pass through it. They run without authentication, which the suites do not support.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../../gateway/local.mjs';
import { next, run, suiteNode } from '../js/helpers/conformance/suite.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';

/**
 * Starts the gateway before servers.
 * @param {Record<string, { url: string, close(): Promise<void> }>} servers
 */
export async function startBoth(servers) {
  const state = await mkdtemp(join(tmpdir(), 'gateway-'));
  const port = await findFreePort();
  const gateway = await startGateway({
    servers: Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, { url }])),
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
  return {
    direct: (server) => servers[server].url,
    through: gateway.url,
    async stop() {
      await gateway.stop();
      await Promise.all(Object.values(servers).map((server) => server.close()));
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** Runs a suite's scenarios for a revision both ways. `notDirectly` are those that fail without the gateway, too. */
export async function compareRevision(t, both, { revision, suite, server, notDirectly }) {
  const wanted = ['--suite', 'all', '--spec-version', revision];
  const [direct, through] = await Promise.all(
    [both.direct(server), both.through(server)].map((url) => scenarios(suite, wanted, url)),
  );
  compare(t, direct, through, notDirectly);
}

/** Runs scenarios of an extension both ways; they belong to no revision, so that each is run by its name. */
export async function compareExtension(t, both, server, names) {
  const each = (url) => Promise.all(names.map((name) => scenarios(next, ['--scenario', name], url)));
  const [direct, through] = await Promise.all([each(both.direct(server)), each(both.through(server))]);
  const merged = (results) => new Map(results.flatMap((found) => [...found]));
  assert.deepEqual([...merged(direct).keys()], names);
  compare(t, merged(direct), merged(through), []);
}

/** Scenarios that pass directly have to pass through the gateway. */
function compare(t, before, through, notDirectly) {
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
}

/** Runs the wanted scenarios of a suite. Returns each one's checks, by its name. */
async function scenarios(suite, wanted, url) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const { output } = await run(suiteNode, [suite.program, 'server', '--url', url, ...wanted, '--output-dir', folder]);
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

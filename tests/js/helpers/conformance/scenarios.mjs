// The client scenarios of the official conformance suites: the sets that this project runs, and running them.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { next as nextSuite, run, stable as stableSuite, suiteNode } from './suite.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const client = process.env.CONFORMANCE_CLIENT ?? here('client.mjs');
const clientNode = process.env.CONFORMANCE_CLIENT_NODE ?? process.execPath;

export const stable = { ...stableSuite, expectedFailures: here('expected-failures.yml') };
export const next = { ...nextSuite, expectedFailures: here('expected-failures-0.2.yml') };

const required2025 = ['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'];
const auth = (...names) => names.map((name) => `auth/${name}`);
const auth2025 = auth(
  'metadata-default',
  'metadata-var1',
  'metadata-var2',
  'metadata-var3',
  'basic-cimd',
  'scope-from-www-authenticate',
  'scope-from-scopes-supported',
  'scope-omitted-when-undefined',
  'scope-step-up',
  'scope-retry-limit',
  'token-endpoint-auth-basic',
  'token-endpoint-auth-post',
  'token-endpoint-auth-none',
  'pre-registration',
);
const auth2026 = auth(
  'resource-mismatch',
  'offline-access-scope',
  'offline-access-not-supported',
  'authorization-server-migration',
  'iss-supported',
  'iss-not-advertised',
  'iss-supported-missing',
  'iss-wrong-issuer',
  'iss-unexpected',
  'iss-normalized',
  'metadata-issuer-mismatch',
);
const authExtensions = auth(
  'client-credentials-jwt',
  'client-credentials-basic',
  'enterprise-managed-authorization',
  'dpop',
  'dpop-nonce',
  'wif-jwt-bearer',
);
const auth2025March = auth('2025-03-26-oauth-metadata-backcompat', '2025-03-26-oauth-endpoint-fallback');
// The required sets are those of the suite's own requirements/*.yaml; `extra` scenarios are not scored there. Extensions have no revision.
/** What every change runs: all scenarios of the newer suite, and those of the older one that need no login. */
export const quickRuns = [
  { revision: '2025-11-25', suite: stable, required: required2025, extra: [] },
  {
    revision: '2025-11-25',
    suite: next,
    required: [...required2025, ...auth2025],
    extra: ['json-schema-2020-12-preservation'],
  },
  {
    revision: '2026-07-28',
    suite: next,
    required: [
      'tools_call',
      'request-metadata',
      'sep-2322-client-request-state',
      'http-standard-headers',
      'http-custom-headers',
      'http-invalid-tool-headers',
      'json-schema-ref-no-deref',
      ...auth2025,
      ...auth2026,
    ],
    extra: ['json-schema-2020-12-preservation'],
  },
  { revision: '2025-03-26', suite: next, required: [], extra: auth2025March },
  { revision: undefined, suite: next, required: [], extra: authExtensions },
];

/** The older suite's logins, which the newer one has, too. */
export const slowRuns = [
  { revision: '2025-11-25', suite: stable, required: auth2025, extra: [] },
  { revision: '2025-03-26', suite: stable, required: [], extra: auth2025March },
  {
    revision: undefined,
    suite: stable,
    required: [],
    extra: auth(
      'resource-mismatch',
      'offline-access-scope',
      'offline-access-not-supported',
      'client-credentials-jwt',
      'client-credentials-basic',
      'cross-app-access-complete-flow',
    ),
  },
];

/** Registers a test for each scenario of the runs, and one for each run that all required scenarios passed. */
export function testRuns(runs) {
  test('the package is built', () => {
    const entry = process.env.MCP_TETHER_PACKAGE ?? here('../../../../pkg/node.js');
    assert.ok(existsSync(entry), `${entry} is missing: run \`make build\``);
  });

  for (const { revision, suite, required, extra } of runs) {
    describe(`conformance: ${revision ?? 'extensions'} on ${suite.version}`, () => {
      const passed = new Set();
      const wanted = (names) => names.filter((name) => name.includes(process.env.SCENARIO ?? ''));

      for (const scenario of wanted([...required, ...extra])) {
        test(scenario, { timeout: 60_000 }, async () => {
          const { code, output } = await runScenario(suite, scenario, revision);
          assert.equal(code, 0, output);
          assert.match(output, /Passed: [1-9]\d*/i, `no check ran:\n${output}`);
          assert.doesNotMatch(output, /[1-9]\d* warnings?/i, `a check warned:\n${output}`);
          passed.add(scenario);
        });
      }

      test('the required scenarios pass', (t) => {
        const count = (names) => `${names.filter((name) => passed.has(name)).length} of ${names.length}`;
        const others = extra.length > 0 ? `; not scored: ${count(extra)} (${extra.join(', ')})` : '';
        t.diagnostic(`${revision ?? 'extensions'} on ${suite.version}: ${count(required)} required${others}`);
        assert.deepEqual(
          wanted(required).filter((name) => !passed.has(name)),
          [],
          'required, and not passed',
        );
      });
    });
  }
}

async function runScenario(suite, scenario, revision) {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    return await run(suiteNode, [
      suite.program,
      'client',
      '--command',
      `${clientNode} ${client}`,
      '--scenario',
      scenario,
      ...(revision ? ['--spec-version', revision] : []),
      '--timeout',
      '30000',
      '--output-dir',
      folder,
      '--verbose',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

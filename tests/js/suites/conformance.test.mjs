// Runs the official conformance suites against the built package: all client scenarios except those of the skills
// extension, of each revision. The logins of the older suite are in conformance.all.mjs.
// CONFORMANCE_CLIENT names another client script, CONFORMANCE_CLIENT_NODE another Node binary for it, MCP_TETHER_PACKAGE another entry
// of the package, and SCENARIO=… narrows it.
// Starts first: it runs sixty programs, one after the other.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { next, quickRuns, slowRuns, stable, testRuns } from '../helpers/conformance/scenarios.mjs';
import { run, suiteNode } from '../helpers/conformance/suite.mjs';

testRuns(quickRuns);

for (const suite of [stable, next]) {
  test(`every other client scenario of ${suite.version} is listed as an expected failure`, async () => {
    const { output } = await run(suiteNode, [suite.program, 'list', '--client']);
    const names = [...output.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
    const listed = [...(await readFile(suite.expectedFailures, 'utf8')).matchAll(/^ {2}- (\S+)/gm)].map(
      ([, name]) => name,
    );
    const passing = new Set(
      [...quickRuns, ...slowRuns]
        .filter((one) => one.suite === suite)
        .flatMap(({ required, extra }) => [...required, ...extra]),
    );
    assert.deepEqual([...passing, ...listed].sort(), names.sort());
  });
}

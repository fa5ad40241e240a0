// The checks of the workflows and of a release notice what must not be published.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function runTool(name, ...args) {
  return new Promise((resolve) =>
    execFile(process.execPath, [join(root, 'tools', name), ...args], (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, said: stderr }),
    ),
  );
}

/** Replaces a text that has to be there, in all places. */
async function change(file, from, to) {
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes(from), `${file} has ${from}`);
  await writeFile(file, text.replaceAll(from, to));
}

describe('a release', () => {
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'release-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [title, from, to, complaint] of [
    ['starts by itself', '  workflow_dispatch:', '  push: {}\n  workflow_dispatch:', /started by hand/],
    ['is in earnest by default', 'default: true', 'default: false', /dry-run is not on by default/],
    ['takes no boolean', 'type: boolean', 'type: string', /dry-run is not on by default/],
    [
      'publishes the crate in a dry run',
      'run: cargo publish --dry-run',
      'run: cargo publish',
      /crate publishes in a dry run/,
    ],
    ['has no dry run of the package', 'run: npm publish ./pkg --dry-run', 'run: echo', /npm has no dry run/],
    ['has no provenance', ' --provenance', '', /without provenance/],
    ['cannot sign', 'id-token: write', 'id-token: read', /may not sign/],
    ['does not wait for the tests', 'needs: test', 'needs: []', /make test/],
  ])
    test(`a workflow that ${title} is refused`, async () => {
      const workflows = join(folder, title.replaceAll(' ', '-'));
      await cp(join(root, '.github'), workflows, { recursive: true });
      assert.equal((await runTool('check-workflows.mjs', workflows)).code, 0);
      await change(join(workflows, 'workflows/publish.yml'), from, to);

      const { code, said } = await runTool('check-workflows.mjs', workflows);

      assert.equal(code, 1);
      assert.match(said, complaint);
    });

  for (const [title, file, from, to, complaint] of [
    ['the crate has another version', 'Cargo.toml', '\nversion = "', '\nversion = "9.', /Cargo\.toml has version 9/],
    [
      'the lock file has another version',
      'Cargo.lock',
      'name = "mcp-tether"\nversion = "',
      '$&9.',
      /Cargo\.lock has version/,
    ],
    ['the changelog lacks the version', 'CHANGELOG.md', '\n## 0.', '\n## 9.0.', /CHANGELOG\.md begins with/],
    ['the date is none', 'CHANGELOG.md', /^(## \d\S+) - .*$/m, '$1 - 2026-02-30', /not a date/],
  ])
    test(`a release in which ${title} is refused`, async () => {
      const copy = await mkdtemp(join(folder, 'copy-'));
      for (const name of ['Cargo.toml', 'Cargo.lock', 'CHANGELOG.md', 'npm/package.json'])
        await cp(join(root, name), join(copy, name), { recursive: true });
      const text = await readFile(join(copy, file), 'utf8');
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      await writeFile(join(copy, file), changed);

      const { code, said } = await runTool('check-release.mjs', '', copy);

      assert.equal(code, 1);
      assert.match(said, complaint);
    });

  test('only the tag of the version is one', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'npm/package.json'), 'utf8'));
    const codeOf = async (ref) => (await runTool('check-release.mjs', ref)).code;
    assert.equal(await codeOf(`refs/tags/v${version}`), 0);
    for (const ref of ['refs/heads/main', `refs/tags/${version}`, `refs/heads/v${version}`, 'refs/tags/v9.9.9'])
      assert.equal(await codeOf(ref), 1, ref);
  });
});

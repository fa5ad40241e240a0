// Fails if the crate, the npm package and the changelog name different versions, or if a given git ref is not the tag of
// that version.
// usage: node tools/check-release.mjs [<ref>] [<folder>]

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [ref, folder = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2);
const read = (path) => readFileSync(join(folder, path), 'utf8');

const { version } = JSON.parse(read('npm/package.json'));
const problems = [...checkVersions(), ...checkChangelog(), ...(ref ? checkRef() : [])];
for (const problem of problems) console.error(`release: ${problem}`);
console.error(`release: version ${version}, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

function checkVersions() {
  const versions = {
    'Cargo.toml': /^\[package\]\nname = "mcp-tether"\nversion = "(.+)"$/m.exec(read('Cargo.toml'))?.[1],
    'Cargo.lock': /^name = "mcp-tether"\nversion = "(.+)"$/m.exec(read('Cargo.lock'))?.[1],
  };
  return Object.entries(versions)
    .filter(([, found]) => found !== version)
    .map(([file, found]) => `${file} has version ${found}, npm/package.json ${version}`);
}

/** The newest release is that of the packages. Changes after it are listed above, as unreleased. */
function checkChangelog() {
  const headings = [...read('CHANGELOG.md').matchAll(/^## (?!Unreleased$)(.*)$/gm)].map(([, heading]) => heading);
  const newest = /^(\S+) - (\d{4}-\d{2}-\d{2})$/.exec(headings[0] ?? '');
  if (newest?.[1] !== version) return [`CHANGELOG.md begins with "${headings[0]}" instead of "${version} - <date>"`];
  return new Date(newest[2]).toJSON()?.startsWith(newest[2]) ? [] : [`CHANGELOG.md: ${newest[2]} is not a date`];
}

function checkRef() {
  return ref === `refs/tags/v${version}` ? [] : [`${ref} is not the tag v${version}`];
}

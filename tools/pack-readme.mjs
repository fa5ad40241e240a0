// Copies the README into a package: its relative links, which only work in the repository, become links to the repository's pages.
// usage: node tools/pack-readme.mjs <README.md> <package folder>

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [readme, folder] = process.argv.slice(2);
const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
// HEAD is the default branch; unlike a tag of the version, it exists before the release.
const base = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/`;
const text = readFileSync(readme, 'utf8');
writeFileSync(
  join(folder, 'README.md'),
  text.replace(/\]\((?![a-z][\w+.-]*:|#)([^)]+)\)/gi, (_, path) => `](${new URL(path, base)})`),
);

// Copies the README into a package: its relative links, which only work in the repository, become links to the repository's pages. Sections about the
// repository itself are left out: a reader of the package has it already, and has no `make`.
// usage: node tools/pack-readme.mjs <README.md> <package folder>

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [readme, folder] = process.argv.slice(2);
const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
// HEAD is the default branch; unlike a tag of the version, it exists before the release.
const base = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/`;
// Comments are for the programs that write parts of it.
const sections = readFileSync(readme, 'utf8')
  .replaceAll(/^<!--.*-->\n/gm, '')
  .split(/^(?=## )/m);
const text = sections
  .filter((section) => !/^## (Install|Try it)\n/.test(section))
  // The table of all documents is at the link: it takes 2 KB of a package that has a limit.
  .map((section) =>
    section.replace(/^(## Documentation\n\n)[\s\S]*/, '$1[All documents](docs/README.md) are in the repository.\n\n'),
  )
  .join('');
writeFileSync(
  join(folder, 'README.md'),
  text.replace(/\]\((?![a-z][\w+.-]*:|#)([^)]+)\)/gi, (_, path) => `](${new URL(path, base)})`),
);

// Copies the README into a package, and of other pages the sections that errors link to. Relative links, which only work in the repository, become links to
// the repository's pages.
// usage: node tools/pack-readme.mjs <README.md> <package folder> [<page> <anchor>…]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [readme, folder, page, ...anchors] = process.argv.slice(2);
const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
// HEAD is the default branch; unlike a tag of the version, it exists before the release.
const base = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/`;
/** @param {string} text @param {string} from */
const absolute = (text, from) =>
  text.replace(/\]\((?![a-z][\w+.-]*:|#)([^)]+)\)/gi, (_, path) => `](${new URL(path, new URL(from, base))})`);
writeFileSync(join(folder, 'README.md'), absolute(readFileSync(readme, 'utf8'), readme));
if (page) {
  const [head, ...sections] = readFileSync(page, 'utf8').split(/^(?=## )/m);
  const [title] = head.split('\n');
  const kept = anchors.map((anchor) => {
    const section = sections.find((one) => one.split('\n')[0].slice(3).toLowerCase().replaceAll(' ', '-') === anchor);
    if (!section) throw new Error(`${page} has no section #${anchor}`);
    return absolute(section.trim(), page);
  });
  mkdirSync(join(folder, dirname(page)), { recursive: true });
  writeFileSync(join(folder, page), `${[title, `[The whole page](${base}${page}).`, ...kept].join('\n\n')}\n`);
}

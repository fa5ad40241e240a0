// Copies into a package the sections of docs/toolchains.md that error messages name; a link to another section becomes one to the repository's page.
// usage: node tools/pack-help.mjs <package folder>

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder] = process.argv.slice(2);
const page = 'docs/toolchains.md';

const sources = ['src', 'npm'].flatMap((name) =>
  readdirSync(join(root, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(rs|js)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8')),
);
const named = new Set(
  sources.flatMap((text) => [...text.matchAll(/docs\/toolchains\.md#([\w-]+)/g)].map(([, anchor]) => anchor)),
);

const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(' ', '-');
const [title, ...sections] = readFileSync(join(root, page), 'utf8').split(/^(?=## )/m);
const kept = sections.filter((section) => named.delete(anchorOf(section.split('\n', 1)[0])));
if (named.size > 0) throw new Error(`${page} has no section ${[...named].join(', ')}, which a message names`);

const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const whole = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/${page}`;
const text = `${title.split('\n', 1)[0]}\n\nThe sections that errors name. [The whole page](${whole}).\n\n${kept.join('')}`;
mkdirSync(dirname(join(folder, page)), { recursive: true });
writeFileSync(
  join(folder, page),
  text.replace(/\]\((#[\w-]+)\)/g, (_, anchor) => `](${whole}${anchor})`),
);

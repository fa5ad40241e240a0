// Builds the documents as a site, target/site/docs: Markdown of the repository, the API reference from the types, VitePress around both.
// The result works from any folder of a static server: it has no address of its own in it.
// usage: node tools/build-documents.mjs

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { referencePages } from './documents/reference.mjs';
import { relocate } from './documents/relocate.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const prepared = join(root, 'target/documents');
const site = join(root, 'target/site/docs');
const { repository } = JSON.parse(await readFile(join(root, 'npm/package.json'), 'utf8'));
const source = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/HEAD/`;

/** The name of the page that a document of the repository becomes. */
const pages = new Map([
  ['docs/README.md', 'index'],
  ['SECURITY.md', 'security'],
  ['CHANGELOG.md', 'changelog'],
  ['ARCHITECTURE.md', 'architecture'],
  ['CONTRIBUTING.md', 'contributing'],
]);
for (const name of await readdir(join(root, 'docs')))
  if (name.endsWith('.md') && name !== 'README.md') pages.set(`docs/${name}`, name.replace(/\.md$/, ''));
pages.set('gateway/README.md', pages.has('docs/gateway.md') ? 'gateway-worker' : 'gateway');

await rm(prepared, { recursive: true, force: true });
await mkdir(prepared, { recursive: true });
for (const [path, page] of pages) {
  const text = await readFile(join(root, path), 'utf8');
  await writeFile(join(prepared, `${page}.md`), withLinks(withLanes(text), path));
}
for (const [page, text] of await referencePages(root)) await writeFile(join(prepared, `${page}.md`), text);

await build(join(root, 'docs'));
await relocate(site);
execFileSync(process.execPath, [
  join(root, 'tools/third-party-notices.mjs'),
  join(site, 'THIRD-PARTY-NOTICES'),
  '--folders',
  join(root, 'target/bundled-packages.json'),
]);

/** A link *Live* at the beginning of a paragraph becomes the lanes themselves, above it. */
function withLanes(text) {
  return text.replace(/^\*\[Live\]\(\.\.\/www\/index\.html#([\w-]+)\)\.\* /gm, '<LiveLane fault="$1" />\n\n');
}

/** A document whose links lead to pages of the site, to the demo page, or to the repository. */
function withLinks(text, path) {
  return text
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replace(/\[((?:[^[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)/g, link(path)),
    )
    .join('');
}

function link(from) {
  return (whole, text, target) => {
    if (/^(?:[a-z][\w+.-]*:|#)/i.test(target)) return whole;
    const [file, anchor] = target.split('#');
    const to = normalize(join(dirname(from), file)).replace(/\/$/, '');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    if (pages.has(to)) return `[${text}](./${pages.get(to)}.md${hash})`;
    if (to.startsWith('www/') && /\.html$/.test(to))
      return `<a href="../${to.slice(4)}${hash}" target="_self">${text}</a>`;
    if (!existsSync(join(root, to))) throw new Error(`${from} links to ${target}, which does not exist`);
    return `[${text}](${source}${to}${hash})`;
  };
}

// The API reference: a page for each entry of the package, made by TypeDoc from its declarations.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { register } from 'node:module';
import { basename, join } from 'node:path';

// TypeDoc uses the compiler's API, which TypeScript 7 does not have.
const resolveOlder =
  'export const resolve = (name, context, next) => next(name === "typescript" ? "typescript-6" : name, context);';

/**
 * @param {string} root of the repository
 * @returns {Promise<[page: string, text: string][]>}
 */
export async function referencePages(root) {
  const { exports } = JSON.parse(await readFile(join(root, 'npm/package.json'), 'utf8'));
  const declarations = Object.entries(exports).flatMap(([entry, { types }]) =>
    types && entry !== './wasm' ? types : [],
  );
  // Of no entry, but what `mcp-tether` exports of it would make that page too long.
  declarations.push('./protocol.d.ts');
  const out = join(root, 'target/reference');
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  register(`data:text/javascript,${encodeURIComponent(resolveOlder)}`);
  const { Application } = await import('typedoc');
  const app = await Application.bootstrapWithPlugins(options(root, declarations, out));
  const project = await app.convert();
  if (!project) throw new Error('TypeDoc could not read the declarations');
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('TypeDoc reported errors');
  return readPages(out);
}

const options = (root, declarations, out) => ({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: declarations.map((file) => join(root, 'npm', file)),
  basePath: join(root, 'npm'),
  tsconfig: join(root, 'docs/.vitepress/tsconfig.reference.json'),
  name: 'API',
  readme: 'none',
  logLevel: 'Warn',
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  skipErrorChecking: true,
  outputs: [{ name: 'markdown', path: out }],
  router: 'module',
  flattenOutputFiles: true,
  entryFileName: 'modules',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: false,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true, hideSources: true },
  expandObjects: true,
  parametersFormat: 'table',
  propertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  enumMembersFormat: 'table',
  validation: { notExported: false, invalidLink: false, notDocumented: false },
});

async function readPages(out) {
  const files = (await readdir(out)).filter((name) => name.endsWith('.md') && name !== 'modules.md');
  return Promise.all(
    files.map(async (name) => {
      const text = await readFile(join(out, name), 'utf8');
      const linked = text.replace(/\]\((?![a-z]+:|#)([\w.-]+)\.md/g, (_, page) => `](./${pageOf(page)}.md`);
      const entry = basename(name, '.md');
      return [pageOf(entry), linked.replace(/^# .*$/m, () => introduction(entry))];
    }),
  );
}

const pageOf = (name) => `api-${name}`;

function introduction(entry) {
  if (entry === 'protocol')
    return '# Protocol types\n\nThe messages of the Model Context Protocol, as `mcp-tether` exports them.';
  const name = entry === 'index' ? 'mcp-tether' : `mcp-tether/${entry}`;
  return `# \`${name}\`\n\nWhat the entry \`${name}\` of the package exports, from its type declarations.`;
}

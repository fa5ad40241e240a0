// The documents as a site: VitePress on the pages that tools/build-documents.mjs prepares. That program also makes the result work from any folder.

import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const pages = fileURLToPath(new URL('../../target/documents', import.meta.url));
const repository = 'https://github.com/mcp-tether/mcp-tether';
const description =
  'MCP sessions that survive: a client for Model Context Protocol servers in pages, Node and Workers.';
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cg fill='none' stroke='%230f766e' stroke-width='4' stroke-linecap='round'%3E%3Cpath d='M13 10H9a6 6 0 0 0 0 12h4'/%3E%3Cpath d='M19 10h4a6 6 0 0 1 0 12h-4'/%3E%3Cpath d='M12 16h8'/%3E%3C/g%3E%3C/svg%3E";

/** Links to pages that exist, by their names. */
const linksTo = (texts) =>
  Object.entries(texts)
    .filter(([page]) => existsSync(`${pages}/${page}.md`))
    .map(([page, text]) => ({ text, link: page === 'index' ? '/' : `/${page}` }));

/** Of the demo page and of rustdoc, which are beside the documents. */
const beside = (text, link) => ({ text, link, target: '_self' });

export default defineConfig({
  title: 'mcp-tether',
  description,
  lang: 'en',
  srcDir: pages,
  outDir: fileURLToPath(new URL('../../target/site/docs', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../target/vitepress', import.meta.url)),
  // A placeholder: the build replaces it by the folder in which the site happens to be.
  base: '/__docs__/',
  head: [
    ['link', { rel: 'icon', href: icon }],
    ['meta', { name: 'theme-color', media: '(prefers-color-scheme: light)', content: '#faf9f6' }],
    ['meta', { name: 'theme-color', media: '(prefers-color-scheme: dark)', content: '#14171a' }],
  ],
  ignoreDeadLinks: [/^\.\.\//],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: githubSlug },
    toc: { slugify: githubSlug },
    headers: { slugify: githubSlug },
    config(markdown) {
      scrollableTables(markdown);
      separateEntries(markdown);
    },
  },
  transformPageData(page) {
    page.frontmatter.outline ??= [2, 3];
  },
  transformHtml: nameSwitches,
  vite: {
    define: { 'import.meta.env.BASE_URL': 'globalThis.__docsBase' },
    // Not tsconfig.json of the repository, whose target is too new for this esbuild.
    esbuild: { tsconfigRaw: {} },
    build: { chunkSizeWarningLimit: 2_000 },
    plugins: [searchIndexAnywhere(), bundledPackages()],
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repository, ariaLabel: 'Source on GitHub' }],
    nav: [
      { text: 'Start in 5 minutes', link: '/start' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api-index' },
      beside('Demo', '../index.html'),
    ],
    sidebar: [
      {
        text: 'Begin',
        items: linksTo({
          index: 'Overview',
          start: 'Start in 5 minutes',
          clients: 'Keep your SDK client',
          frameworks: 'Frameworks',
          compared: 'Compared',
        }),
      },
      {
        text: 'When things break',
        items: linksTo({
          when: 'What happens when …',
          errors: 'Errors',
          recovery: 'Recovery rules',
          diagnosis: 'Diagnosis',
          fixes: 'Fixes',
        }),
      },
      {
        text: 'In your application',
        items: linksTo({
          settings: 'Settings',
          events: 'Events and metrics',
          devtools: 'Devtools and traces',
          'pages-and-tabs': 'Pages, tabs, offline',
          storage: 'Storage and security',
          oauth: 'OAuth',
          cors: 'CORS',
          sdk: 'Lists, schemas, middleware',
          toolchains: 'Bundlers, SSR, CSP',
          rust: 'Rust',
        }),
      },
      {
        text: 'The gateway',
        items: linksTo({
          gateway: 'The gateway',
          'gateway-worker': 'Its files and settings',
          topology: 'Topology',
          operation: 'Operation',
          scale: 'Scale',
        }),
      },
      {
        text: 'Reference',
        items: [
          ...linksTo({
            'api-index': 'API: mcp-tether',
            'api-protocol': 'API: protocol types',
            'api-cookies': 'API: cookies',
            'api-devtools': 'API: devtools',
            'api-lists': 'API: lists',
            'api-oauth': 'API: oauth',
            'api-openai-agents': 'API: openai-agents',
            'api-output-schema': 'API: output-schema',
            'api-page': 'API: page',
            'api-react': 'API: react',
            'api-slim': 'API: slim',
            'api-snapshot': 'API: snapshot',
            'api-storage': 'API: storage',
            'api-yaml': 'API: yaml',
          }),
          beside('API: the crate', '../api/mcp_tether/index.html'),
          ...linksTo({
            limits: 'Limits',
            servers: 'Servers and revisions',
            interop: 'Interop',
            versioning: 'Versions',
            changelog: 'Changelog',
          }),
        ],
      },
      {
        text: 'The project',
        items: linksTo({ architecture: 'Architecture', contributing: 'Contributing', security: 'Security' }),
      },
    ],
    docFooter: { prev: 'Previous', next: 'Next' },
    externalLinkIcon: false,
  },
});

/** Anchors as GitHub makes them, so that a link works in both places. */
function githubSlug(title) {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/** The switch between light and dark gets its name from a script. @param {string} html */
function nameSwitches(html) {
  return html.replaceAll(
    /(<button class="VPSwitch VPSwitchAppearance"[^>]*) title(?=[ >])/g,
    '$1 aria-label="Dark theme"',
  );
}

/** A table that is wider than the window scrolls by itself, also by keyboard. */
function scrollableTables(markdown) {
  markdown.renderer.rules.table_open = (tokens, index, options, env, renderer) => {
    env.tables = (env.tables ?? 0) + 1;
    const region = `<div class="table" role="region" aria-label="Table ${env.tables}" tabindex="0">`;
    return region + renderer.renderToken(tokens, index, options);
  };
  markdown.renderer.rules.table_close = (tokens, index, options, _env, renderer) =>
    `${renderer.renderToken(tokens, index, options)}</div>`;
}

/** Each entry of the reference is a section, which a browser lays out when it comes into view (theme/style.css): a page has thousands of elements. */
function separateEntries(markdown) {
  markdown.core.ruler.push('entries', (state) => {
    if (!state.env.relativePath?.startsWith('api-')) return;
    let isOpen = false;
    const mark = (content) => Object.assign(new state.Token('html_block', '', 0), { content });
    const end = () => (isOpen ? [mark('</section>\n')] : []);
    const tokens = state.tokens.flatMap((token) => {
      if (token.type !== 'heading_open' || token.level > 0 || !/^h[123]$/.test(token.tag)) return [token];
      const before = end();
      isOpen = token.tag === 'h3';
      return isOpen ? [...before, mark('<section class="entry">\n'), token] : [...before, token];
    });
    state.tokens = [...tokens, ...end()];
  });
}

/** The addresses in the index of the search begin with the placeholder; they are completed when it is loaded. */
function searchIndexAnywhere() {
  return {
    name: 'search-index-anywhere',
    enforce: 'post',
    transform(code, id) {
      if (!id.includes('@localSearchIndex') || !code.includes('/__docs__/')) return undefined;
      const [, text] = /^export default (".*")$/s.exec(code.trim()) ?? this.error(`unknown form of ${id}`);
      return `export default ${text}.replace(/\\/__docs__\\//g, globalThis.__docsBase)`;
    },
  };
}

/** Writes down the folders of the packages whose code is in the site, for the notices of their licences. */
function bundledPackages() {
  const folders = new Set();
  return {
    name: 'bundled-packages',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap(({ modules = {} }) => Object.entries(modules));
      for (const [id, { renderedLength }] of modules) {
        const [, folder] = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
        if (folder && renderedLength > 0) folders.add(folder);
      }
      writeFileSync(
        fileURLToPath(new URL('../../target/bundled-packages.json', import.meta.url)),
        JSON.stringify([...folders]),
      );
    },
  };
}

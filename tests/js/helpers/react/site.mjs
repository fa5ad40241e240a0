// An example for React as a site of its own: bundled with the built package, and served.
import { cp, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { listen } from '../../servers/shared/listen.mjs';
import { serveFolders } from '../../servers/static-files.mjs';
import { makeProject, root } from '../snippets/project.mjs';

/**
 * @param {string} example the folder in examples/
 * @param {Record<string, string>} [pages] script by page; `index.html` has `app.js`
 * @param {Record<string, string>} [sources] further scripts in TypeScript, by name
 */
export async function startSite(example, pages = {}, sources = {}) {
  const project = await makeProject();
  await cp(join(root, 'examples', example), join(project.folder, 'src'), { recursive: true });
  for (const [name, code] of Object.entries(sources)) await project.write(join('src', name), code);
  const site = join(project.folder, 'site');
  const scripts = [
    'app.jsx',
    ...Object.keys(sources),
    ...Object.values(pages).filter((name) => !(name.replace(/js$/, 'ts') in sources)),
  ];
  await build({
    entryPoints: scripts.map((script) => join(project.folder, 'src', script)),
    outdir: site,
    bundle: true,
    splitting: true,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    preserveSymlinks: true,
    logLevel: 'error',
  });
  await cp(join(root, 'pkg/mcp_tether_bg.wasm'), join(site, 'mcp_tether_bg.wasm'));
  for (const [page, script] of Object.entries({ 'index.html': 'app.js', ...pages }))
    await writeFile(
      join(site, page),
      `<!doctype html><meta charset="utf-8"><title>${basename(page, '.html')}</title>` +
        `<div id="root"></div><script type="module" src="${script}"></script>`,
    );
  const files = await listen(
    serveFolders([{ prefix: '/', folder: site }], { headers: { 'Cache-Control': 'no-store' } }),
  );
  return {
    origin: files.origin,
    async close() {
      await files.close();
      await project.remove();
    },
  };
}

// Rows: Cloudflare Workers, and frameworks that are deployed there.

import { join } from 'node:path';
import { imported, pageAndRoute, viteDev } from './row-kinds.mjs';

const wranglerDev = (port) => ['wrangler', 'dev', '--ip', '127.0.0.1', '--port', port];

export const workers = [
  {
    name: 'Cloudflare Vite plugin, dev',
    project: 'cloudflare-vite',
    module: 'imported',
    run: async (bench) => imported(await bench.get(await bench.serve(viteDev))),
  },
  {
    name: 'Cloudflare Vite plugin, build',
    project: 'cloudflare-vite',
    module: 'imported',
    async run(bench) {
      await bench.command(['vite', 'build']);
      const preview = (port) => ['vite', 'preview', '--host', '127.0.0.1', '--port', port, '--strictPort'];
      return imported(await bench.get(await bench.serve(preview)));
    },
  },
  {
    name: 'Wrangler, deploy --dry-run',
    project: 'wrangler',
    module: 'imported',
    async run(bench) {
      await bench.command(['wrangler', 'deploy', '--dry-run', '--outdir', 'out']);
      const { Miniflare } = await import('miniflare');
      const worker = new Miniflare({
        modulesRoot: join(bench.folder, 'out'),
        scriptPath: join(bench.folder, 'out/index.js'),
        modules: true,
        modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm'] }],
        compatibilityDate: '2026-04-01',
      });
      try {
        const response = await worker.dispatchFetch(`http://localhost/?server=${encodeURIComponent(bench.server)}`);
        return imported(await response.text());
      } finally {
        await worker.dispose();
      }
    },
  },
  {
    name: 'Wrangler, dev',
    project: 'wrangler',
    module: 'imported',
    run: async (bench) => imported(await bench.get(await bench.serve(wranglerDev))),
  },
  {
    name: 'Next 16, OpenNext on Workers',
    project: 'opennext',
    module: 'file',
    async run(bench) {
      await bench.command(['opennextjs-cloudflare', 'build']);
      return pageAndRoute(bench, await bench.serve(wranglerDev));
    },
  },
  {
    name: 'Nuxt 4 on Workers',
    project: 'nuxt-workers',
    module: 'file',
    async run(bench) {
      await bench.command(['nuxt', 'build']);
      const built = ['.output/server/index.mjs', '--assets', '.output/public', '--compatibility-date', '2026-04-01'];
      return pageAndRoute(bench, await bench.serve((port) => [...wranglerDev(port), ...built]));
    },
  },
  {
    name: 'SvelteKit on Workers',
    project: 'sveltekit-workers',
    module: 'file',
    async run(bench) {
      await bench.command(['vite', 'build']);
      return pageAndRoute(bench, await bench.serve(wranglerDev));
    },
  },
  {
    name: 'Astro on Workers',
    project: 'astro-workers',
    module: 'file',
    async run(bench) {
      await bench.command(['astro', 'build']);
      const preview = (port) => ['astro', 'preview', '--host', '127.0.0.1', '--port', port];
      return pageAndRoute(bench, await bench.serve(preview));
    },
  },
];

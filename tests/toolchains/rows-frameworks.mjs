// Rows: frameworks that build a page and, most of them, its server in Node.

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { built, builtIn, imported, pageAndRoute } from './row-kinds.mjs';

export const frameworks = [
  {
    name: 'Next 16, build and start',
    project: 'next',
    module: 'file',
    async run(bench) {
      await bench.command(['next', 'build']);
      const origin = await bench.serve((port) => ['next', 'start', '--hostname', '127.0.0.1', '--port', port]);
      return pageAndRoute(bench, origin);
    },
  },
  {
    name: 'Next 16, standalone',
    project: 'next',
    module: 'file',
    async run(bench) {
      await bench.command(['next', 'build'], { env: { STANDALONE: '1' } });
      await cp(join(bench.folder, '.next/static'), join(bench.folder, '.next/standalone/.next/static'), {
        recursive: true,
      });
      return pageAndRoute(
        bench,
        await bench.serve(() => ['node', '.next/standalone/server.js'], { env: { HOSTNAME: '127.0.0.1' } }),
      );
    },
  },
  {
    name: 'Next 16, webpack',
    project: 'next',
    module: 'file',
    async run(bench) {
      await bench.command(['next', 'build', '--webpack']);
      const origin = await bench.serve((port) => ['next', 'start', '--hostname', '127.0.0.1', '--port', port]);
      return pageAndRoute(bench, origin);
    },
  },
  {
    name: 'Next 16, export with basePath',
    project: 'next',
    module: 'file',
    async run(bench) {
      await rm(join(bench.folder, 'app/node'), { recursive: true });
      await bench.command(['next', 'build'], { env: { EXPORT: '1' } });
      return bench.open(`${await bench.files('out', { prefix: '/app/' })}/app/`);
    },
  },
  {
    name: 'Next 16, dev',
    project: 'next',
    module: 'file',
    async run(bench) {
      const origin = await bench.serve((port) => ['next', 'dev', '--hostname', '127.0.0.1', '--port', port]);
      return pageAndRoute(bench, origin);
    },
  },
  {
    name: 'Next 16, edge route',
    project: 'next',
    module: 'imported',
    async run(bench) {
      await cp(join(bench.folder, 'edge-route.js'), join(bench.folder, 'app/edge/route.js'));
      await bench.command(['next', 'build']);
      const origin = await bench.serve((port) => ['next', 'start', '--hostname', '127.0.0.1', '--port', port]);
      return imported(await bench.get(`${origin}/edge`));
    },
  },
  {
    name: 'Nuxt 4',
    project: 'nuxt',
    module: 'file',
    async run(bench) {
      await bench.command(['nuxt', 'build']);
      return pageAndRoute(
        bench,
        await bench.serve(() => ['node', '.output/server/index.mjs'], { env: { NITRO_HOST: '127.0.0.1' } }),
      );
    },
  },
  {
    name: 'SvelteKit',
    project: 'sveltekit',
    module: 'file',
    async run(bench) {
      await bench.command(['vite', 'build']);
      return pageAndRoute(bench, await bench.serve(() => ['node', 'build']));
    },
  },
  built('Vike', 'vike', 'file', ['vike', 'build'], { folder: 'dist/client' }),
  built('Qwik', 'qwik', 'file', ['vite', 'build']),
  built('Expo 57, web', 'expo', 'inline', ['expo', 'export', '--platform', 'web']),
  built('Astro', 'astro', 'file', ['astro', 'build']),
  {
    name: 'React Router',
    project: 'react-router',
    module: 'file',
    async run(bench) {
      await bench.command(['react-router', 'build']);
      return pageAndRoute(bench, await bench.serve(() => ['react-router-serve', 'build/server/index.js']));
    },
  },
  {
    name: 'TanStack Start',
    project: 'tanstack-start',
    module: 'file',
    async run(bench) {
      await bench.command(['vite', 'build']);
      return pageAndRoute(bench, await bench.serve(() => ['node', '.output/server/index.mjs']));
    },
  },
  {
    name: 'SolidStart',
    project: 'solidstart',
    module: 'file',
    async run(bench) {
      await bench.command(['vite', 'build']);
      return pageAndRoute(bench, await bench.serve(() => ['node', '.output/server/index.mjs']));
    },
  },
  {
    name: 'Storybook',
    project: 'storybook',
    module: 'file',
    async run(bench) {
      await bench.command(['storybook', 'build', '--output-dir', 'dist', '--quiet']);
      return bench.open(`${await bench.files('dist')}/iframe.html?id=ask--ask`);
    },
  },
  built('Angular, build', 'angular', 'inline', ['ng', 'build'], { folder: 'dist/browser' }),
  {
    name: 'Angular, dev',
    project: 'angular',
    module: 'inline',
    run: async (bench) =>
      bench.open(await bench.serve((port) => ['ng', 'serve', '--host', '127.0.0.1', '--port', port])),
  },
  {
    name: 'Docusaurus, under a base path',
    project: 'docusaurus',
    module: 'file',
    async run(bench) {
      await bench.command(['docusaurus', 'build'], { cwd: join(bench.folder, 'site') });
      return bench.open(`${await bench.files('site/build', { prefix: '/app/' })}/app/`);
    },
  },
  {
    name: 'NestJS',
    project: 'nest',
    module: 'built in',
    async run(bench) {
      const cwd = join(bench.folder, 'server');
      await bench.command(['nest', 'build'], { cwd });
      return builtIn(await bench.get(`${await bench.serve(() => ['node', 'dist/main.js'], { cwd })}/node`));
    },
  },
];

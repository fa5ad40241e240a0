// The table: a row is one way to build and open the application. `module` says where the page got the module from: its file, or base64.js where the
// toolchain lost the file; Node's entry has it built in, and an edge runtime's bundler imports it.

import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { programs } from './bench.mjs';
import { projects } from './projects.mjs';
import { built, builtIn, viteDev } from './row-kinds.mjs';
import { frameworks } from './rows-frameworks.mjs';
import { workers } from './rows-workers.mjs';

function viteRows(version, { dev }) {
  const project = `vite-${version}`;
  return [
    {
      name: `Vite ${version}, dev`,
      project,
      module: dev,
      run: async (bench) => bench.open(await bench.serve(viteDev)),
    },
    {
      name: `Vite ${version}, build`,
      project,
      module: 'file',
      async run(bench) {
        await bench.command(['vite', 'build']);
        return bench.open(await bench.files('dist'));
      },
    },
  ];
}

/** Newer than what the workspace installs for all tests; it may reach the network and read the project, and no more. */
const node26 = ['command.js', 'require.cjs'].map((file) => ({
  name: `Node 26, ${file === 'command.js' ? 'import' : 'require()'}`,
  project: 'plain-26',
  module: 'built in',
  run: async (bench) => {
    const limits = ['--permission', '--allow-net', `--allow-fs-read=${bench.folder}`];
    const words = ['--no-warnings', '--disallow-code-generation-from-strings', ...limits, file, bench.server];
    return builtIn(await bench.command(['node_modules/node/bin/node', ...words]));
  },
}));

function nodeRows() {
  const versions = {
    [`Node ${process.versions.node.split('.')[0]}`]: programs.node,
    'Node 22': programs.node22,
    'Node 24': programs.node24,
  };
  return Object.entries(versions).flatMap(([name, program]) =>
    Object.entries({ import: 'command.js', 'require()': 'require.cjs' }).map(([way, file]) => ({
      name: `${name}, ${way}`,
      project: 'plain',
      module: 'built in',
      run: async (bench) => builtIn(await bench.command([program, '--no-warnings', file, bench.server])),
    })),
  );
}

const jestOfModules = [
  'node',
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--testPathIgnorePatterns',
  'commonjs',
];

export const rows = [
  ...viteRows(5, { dev: 'inline' }),
  ...viteRows(6, { dev: 'inline' }),
  ...viteRows(7, { dev: 'inline' }),
  ...viteRows(8, { dev: 'file' }),
  {
    name: 'Vite 8, web worker',
    project: 'vite-8',
    module: 'file',
    async run(bench) {
      await cp(join(bench.folder, 'in-worker.js'), join(bench.folder, 'main.js'));
      await bench.command(['vite', 'build']);
      return bench.open(await bench.files('dist'));
    },
  },
  built('webpack 5', 'webpack', 'file', ['webpack', '--mode', 'production']),
  built('webpack 5, web worker', 'webpack', 'file', [
    'webpack',
    '--mode',
    'production',
    '--entry',
    './src/in-worker.js',
  ]),
  built('webpack 5, target webworker', 'webpack', 'file', ['webpack', '--mode', 'production', '--target', 'webworker']),
  built('Rspack', 'rspack', 'file', ['rspack', 'build', '--mode', 'production']),
  built('Rsbuild', 'rsbuild', 'file', ['rsbuild', 'build']),
  built('Farm', 'farm', 'file', ['farm', 'build']),
  built('Rollup', 'rollup', 'inline', [
    'rollup',
    'index.js',
    '--dir',
    'dist',
    '--format',
    'es',
    '--plugin',
    'node-resolve',
  ]),
  {
    // One script, which may have no chunks.
    name: 'Rollup, UMD',
    project: 'rollup',
    module: 'inline',
    async run(bench) {
      const words = ['--format', 'umd', '--name', 'app', '--inlineDynamicImports', '--plugin', 'node-resolve'];
      await bench.command(['rollup', 'index.js', '--file', 'umd/index.js', ...words]);
      await writeFile(join(bench.folder, 'umd/index.html'), umdPage);
      return bench.open(await bench.files('umd'));
    },
  },
  built('Rolldown', 'rolldown', 'inline', ['rolldown', 'index.js', '--dir', 'dist', '--format', 'esm']),
  built(
    'esbuild, ESM',
    'esbuild',
    'inline',
    ['esbuild', 'index.js', '--bundle', '--format=esm', '--splitting', '--outdir=esm'],
    { folder: 'esm' },
  ),
  built('esbuild, IIFE', 'esbuild', 'inline', ['esbuild', 'index.js', '--bundle', '--outdir=iife'], { folder: 'iife' }),
  {
    name: 'esbuild for Node, CommonJS',
    project: 'esbuild',
    module: 'built in',
    async run(bench) {
      await bench.command(['esbuild', 'command.js', '--bundle', '--platform=node', '--outfile=out/command.cjs']);
      return builtIn(await bench.runAlone([programs.node], 'out/command.cjs'));
    },
  },
  {
    name: 'esbuild for Node, ESM',
    project: 'esbuild',
    module: 'built in',
    async run(bench) {
      await bench.command([
        'esbuild',
        'command.js',
        '--bundle',
        '--platform=node',
        '--format=esm',
        '--outfile=out/command.mjs',
      ]);
      return builtIn(await bench.runAlone([programs.node], 'out/command.mjs'));
    },
  },
  {
    name: 'esbuild for Lambda, minified',
    project: 'esbuild',
    module: 'built in',
    async run(bench) {
      const words = ['--bundle', '--platform=node', '--minify', '--keep-names', '--outfile=out/handler.cjs'];
      await bench.command(['esbuild', 'handler.js', ...words]);
      const call =
        "require('./handler.cjs').handler({ server: process.argv[1] }).then(({ body }) => console.log(body))";
      return builtIn(
        await bench.command([programs.node22, '-e', call, bench.server], { cwd: join(bench.folder, 'out') }),
      );
    },
  },
  {
    name: 'Node 26, executable',
    project: 'executable',
    module: 'built in',
    async run(bench) {
      await bench.command(['esbuild', 'command.js', '--bundle', '--platform=node', '--outfile=command.cjs']);
      await bench.command(['node_modules/node/bin/node', '--build-sea', 'executable.json']);
      return builtIn(await bench.runAlone([], 'command'));
    },
  },
  {
    name: 'ncc',
    project: 'ncc',
    module: 'built in',
    async run(bench) {
      await bench.command(['ncc', 'build', 'command.js', '--out', 'out']);
      return builtIn(await bench.runAlone([programs.node], 'out', 'index.js'));
    },
  },
  ...Object.entries({ 'Vite 8': ['vite', 'build'], 'webpack 5': ['webpack', '--mode', 'production'] }).map(
    ([name, build]) => ({
      name: `Library by tsdown, ${name}`,
      project: 'library',
      module: 'file',
      async run(bench) {
        await bench.command(['tsdown']);
        const library = join(bench.folder, 'node_modules/notes-library');
        await cp(join(bench.folder, 'library'), library, { recursive: true });
        await writeFile(join(library, 'package.json'), '{ "type": "module", "exports": "./library.js" }');
        await rm(join(bench.folder, 'node_modules/mcp-tether'), { recursive: true });
        await bench.command(build);
        if (name === 'webpack 5') await writeFile(join(bench.folder, 'dist/index.html'), webpackPage);
        return bench.open(await bench.files('dist'));
      },
    }),
  ),
  {
    name: 'Module federation, webpack 5',
    project: 'federation',
    module: 'file',
    async run(bench) {
      await bench.command(['webpack'], { cwd: join(bench.folder, 'remote') });
      const remote = await bench.files('remote/dist', { headers: { 'Access-Control-Allow-Origin': '*' } });
      await bench.command(['webpack'], { cwd: join(bench.folder, 'host'), env: { REMOTE: remote } });
      await writeFile(join(bench.folder, 'host/dist/index.html'), webpackPage);
      return bench.open(await bench.files('host/dist'));
    },
  },
  built('Parcel 2, build', 'parcel', 'file', ['parcel', 'build', 'index.html', '--cache-dir', 'cache']),
  {
    name: 'Parcel 2, dev',
    project: 'parcel',
    module: 'file',
    run: async (bench) =>
      bench.open(
        await bench.serve((port) => [
          'parcel',
          'serve',
          'index.html',
          '--no-autoinstall', // of substitutes for what only Node has
          '--cache-dir',
          'cache',
          '--host',
          '127.0.0.1',
          '--port',
          port,
        ]),
      ),
  },
  built('Bun, build', 'esbuild', 'inline', [programs.bun, 'build', 'index.js', '--outdir', 'esm'], { folder: 'esm' }),
  {
    name: 'Bun, executable',
    project: 'esbuild',
    module: 'built in',
    async run(bench) {
      await bench.command([programs.bun, 'build', '--compile', 'command.js', '--outfile', 'command']);
      return builtIn(await bench.runAlone([], 'command'));
    },
  },
  {
    name: 'Bun',
    project: 'plain',
    module: 'built in',
    run: async (bench) => builtIn(await bench.command([programs.bun, 'command.js', bench.server])),
  },
  {
    name: 'Bun, executable of bytecode',
    project: 'plain',
    module: 'built in',
    async run(bench) {
      const words = ['--compile', '--bytecode', '--format=esm', 'command.js', '--outfile', 'command'];
      await bench.command([programs.bun, 'build', ...words]);
      return builtIn(await bench.runAlone([], 'command'));
    },
  },
  {
    name: 'Deno, only --allow-net',
    project: 'plain',
    module: 'built in',
    run: async (bench) =>
      builtIn(await bench.command([programs.deno, 'run', '--no-prompt', '--allow-net', 'deno.js', bench.server])),
  },
  {
    name: 'Bun, test',
    project: 'plain',
    module: 'built in',
    async run(bench) {
      await bench.command([programs.bun, 'test', './ask.test.js']);
      return builtIn('grüße');
    },
  },
  {
    name: 'Deno, test',
    project: 'plain',
    module: 'built in',
    async run(bench) {
      await bench.command([programs.deno, 'test', '--no-prompt', '--allow-net', '--allow-env=SERVER', 'ask_test.js']);
      return builtIn('grüße');
    },
  },
  {
    name: 'Deno, executable',
    project: 'plain',
    unavailable: '`deno compile` downloads a runtime that no package registry has',
  },
  ...nodeRows(),
  ...Object.entries({ 22: ['--experimental-strip-types'], 24: [] }).map(([version, words]) => ({
    name: `Node ${version}, TypeScript without a build`,
    project: 'plain',
    module: 'built in',
    run: async (bench) =>
      builtIn(await bench.command([programs[`node${version}`], '--no-warnings', ...words, 'command.ts', bench.server])),
  })),
  ...node26,
  ...frameworks,
  {
    name: 'Jest, ESM',
    project: 'jest',
    module: 'built in',
    async run(bench) {
      await bench.command([...jestOfModules, '--silent']);
      return builtIn('grüße');
    },
  },
  {
    // Jest takes the page's entry here, and jsdom has no DecompressionStream.
    name: 'Jest, ESM, jsdom',
    project: 'jest',
    module: 'inline',
    async run(bench) {
      await bench.command([...jestOfModules, '--env=jest-fixed-jsdom', '--silent']);
      return { answer: 'grüße', module: 'inline' };
    },
  },
  {
    name: 'Jest, CommonJS by Babel',
    project: 'jest',
    module: 'built in',
    async run(bench) {
      await bench.command(['jest', '--silent'], { cwd: join(bench.folder, 'commonjs') });
      return builtIn('grüße');
    },
  },
  ...['node', 'jsdom', 'happy-dom'].map((environment) => ({
    name: `Vitest, ${environment}`,
    project: 'vitest',
    module: 'built in',
    async run(bench) {
      await bench.command(['vitest', 'run', '--environment', environment]);
      return builtIn('grüße');
    },
  })),
  {
    name: 'Vitest, browser',
    project: 'vitest',
    module: 'file',
    async run(bench) {
      const env = { CHROMIUM: launchOptions.executablePath };
      await bench.command(['vitest', 'run', '--config', 'browser.config.js'], { env });
      return { answer: 'grüße', module: 'file' };
    },
  },
  {
    name: 'Jest, CommonJS by ts-jest',
    project: 'jest',
    module: 'built in',
    async run(bench) {
      await bench.command(['jest', '--silent'], { cwd: join(bench.folder, 'commonjs-ts') });
      return builtIn('grüße');
    },
  },
  ...['tsx', 'ts-node'].map((program) => ({
    name: `${program}, CommonJS`,
    project: 'typescript',
    program,
    module: 'built in',
    run: async (bench) =>
      builtIn(await bench.command([program, 'command.ts', bench.server], { cwd: join(bench.folder, 'commonjs') })),
  })),
  {
    // The package is linked, and sees no package that it does not declare.
    name: 'pnpm, Vite 8',
    project: 'pnpm',
    module: 'file',
    async run(bench) {
      const cwd = join(bench.folder, 'strict');
      const caches = [
        '--store-dir=../node_modules/.store',
        '--cache-dir=../node_modules/.cache-pnpm',
        '--prefer-offline',
      ];
      await bench.command(['pnpm', 'install', '--ignore-workspace', ...caches], { cwd });
      await bench.command(['pnpm', 'exec', 'vite', 'build'], { cwd });
      return bench.open(await bench.files('strict/dist'));
    },
  },
  ...Object.entries({ 'Vite 8': ['vite', 'build'], 'webpack 5': ['webpack', '--mode', 'production', './main.js'] }).map(
    ([name, build]) => ({
      name: `Yarn 4 PnP, ${name}`,
      project: 'yarn',
      module: 'file',
      async run(bench) {
        await bench.yarn(['install'], 'pnp');
        await bench.yarn(build, 'pnp');
        if (name === 'webpack 5') await writeFile(join(bench.folder, 'pnp/dist/index.html'), webpackPage);
        return bench.open(await bench.files('pnp/dist'));
      },
    }),
  ),
  {
    // The package is in an archive.
    name: 'Yarn 4 PnP, Vite 8 dev',
    project: 'yarn',
    module: 'file',
    async run(bench) {
      await bench.yarn(['install'], 'pnp');
      const options = { cwd: join(bench.folder, 'pnp'), env: await bench.yarnEnvironment() };
      return bench.open(await bench.serve((port) => ['yarn', ...viteDev(port)], options));
    },
  },
  {
    name: 'Web Dev Server',
    project: 'web-dev-server',
    module: 'file',
    run: async (bench) =>
      bench.open(
        await bench.serve((port) => ['web-dev-server', '--node-resolve', '--hostname', '127.0.0.1', '--port', port]),
      ),
  },
  ...workers,
  {
    name: 'Import map, another origin',
    project: 'plain',
    module: 'file',
    async run(bench) {
      const cdn = await bench.files('node_modules/mcp-tether', { headers: { 'Access-Control-Allow-Origin': '*' } });
      await writeFile(join(bench.folder, 'index.html'), importMapPage(cdn));
      return bench.open(await bench.files('.'));
    },
  },
  {
    name: 'Page from the disk (file:)',
    project: 'esbuild',
    module: 'inline',
    async run(bench) {
      await bench.command(['esbuild', 'index.js', '--bundle', '--outdir=iife']);
      return bench.open(pathToFileURL(join(bench.folder, 'iife/index.html')).href);
    },
  },
  {
    name: 'MV3 content script',
    project: 'esbuild',
    module: 'inline',
    async run(bench) {
      await bench.command(['esbuild', 'index.js', 'background.js', '--bundle', '--outdir=extension']);
      const { context } = await bench.extension('extension');
      return bench.open(`${await bench.files('visited')}/visited.html`, { context });
    },
  },
  {
    name: 'MV3 extension',
    project: 'esbuild',
    module: 'inline',
    async run(bench) {
      await bench.command(['esbuild', 'index.js', 'background.js', '--bundle', '--outdir=extension']);
      const { context, worker } = await bench.extension('extension');
      const answer = await worker.evaluate((server) => globalThis.ask(server), bench.server);
      if (answer !== 'grüße') throw new Error(`the background answers ${answer}`);
      return bench.open(new URL('page.html', worker.url()).href, { context });
    },
  },
  {
    name: 'MV3 offscreen page, no bundler',
    project: 'offscreen',
    module: 'file',
    async run(bench) {
      const { worker } = await bench.extension('.');
      return worker.evaluate((server) => globalThis.ask(server), bench.server);
    },
  },
  {
    name: 'Service worker',
    project: 'esbuild',
    module: 'inline',
    async run(bench) {
      await bench.command(['esbuild', 'service-worker.js', '--bundle', '--outfile=service-worker/worker.js']);
      return bench.open(await bench.files('service-worker'));
    },
  },
  {
    name: 'Electron',
    project: 'plain',
    unavailable: 'its package downloads the program, which no package registry has',
  },
];

const umdPage = '<!doctype html><meta charset="utf-8"><title>UMD</title><body><script src="index.js"></script></body>';
const webpackPage = '<!doctype html><title>webpack</title><body><script src="main.js"></script></body>';

function importMapPage(cdn) {
  return `<!doctype html>
<title>Import map</title>
<script type="importmap">{ "imports": { "mcp-tether": "${cdn}/browser.js" } }</script>
<script type="module">
  import { show } from './page.js';
  show();
</script>
`;
}

/** Those of `make test`: little to install, and one of every way in which the module is found. */
export const quick = [
  'Vite 7, dev',
  'webpack 5',
  'Rollup',
  'esbuild, IIFE',
  'esbuild for Node, CommonJS',
  'Node 24, require()',
  'Deno, only --allow-net',
  'Import map, another origin',
];

/** The version that a row is about. */
export function versionOf({ project, program }) {
  return projects[project][program] ?? Object.values(projects[project])[0] ?? '';
}

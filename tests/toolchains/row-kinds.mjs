// What rows of several kinds have in common.

export const builtIn = (answer) => ({ answer, module: 'built in' });
export const imported = (answer) => ({ answer, module: 'imported' });

export const viteDev = (port) => ['vite', '--host', '127.0.0.1', '--port', port, '--strictPort'];

/** A command that builds into a folder of static files, which a site may have under a path. */
export function built(name, project, module, words, { folder = 'dist', prefix = '/', env = {} } = {}) {
  return {
    name,
    project,
    module,
    async run(bench) {
      await bench.command(words, { env });
      return bench.open((await bench.files(folder, { prefix })) + prefix);
    },
  };
}

/** A framework's server: its page, and a route that asks in Node. */
export async function pageAndRoute(bench, origin) {
  const route = await bench.get(`${origin}/node`);
  if (route !== 'grüße') throw new Error(`the route answers ${route}\n${bench.output()}`);
  return bench.open(origin);
}

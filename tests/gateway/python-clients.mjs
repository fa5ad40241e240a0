// Python's official clients with the interface of those in clients.mjs.
import { fileURLToPath } from 'node:url';
import { startLineClient } from './line-client.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export const pythonClients = {
  'Python’s client v1': pythonClient('sdk-v1'),
  'Python’s client v2': pythonClient('sdk-v2'),
};

function pythonClient(environment) {
  const program = at(`../../.tools/python/${environment}/bin/python`);
  return (url, { token = 'token-of-ada', isHasty = false, ...options } = {}) =>
    startLineClient(program, [at('python-client.py'), url, token, ...(isHasty ? ['hasty'] : [])], options);
}

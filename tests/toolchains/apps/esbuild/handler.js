import { ask } from './application.js';

export async function handler({ server }) {
  return { statusCode: 200, body: await ask(server) };
}

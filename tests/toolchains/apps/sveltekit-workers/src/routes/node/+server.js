import { ask } from '../../lib/application.js';

export async function GET({ url }) {
  return new Response(await ask(url.searchParams.get('server')));
}

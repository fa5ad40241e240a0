import { ask } from '../application.js';

export const prerender = false;

export async function GET({ url }) {
  return new Response(await ask(url.searchParams.get('server')));
}

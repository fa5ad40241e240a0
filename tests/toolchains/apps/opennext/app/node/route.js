import { ask } from '../../shared/application.js';

export async function GET(request) {
  return new Response(await ask(new URL(request.url).searchParams.get('server')));
}

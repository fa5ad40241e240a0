import { ask } from './application.js';

export default {
  async fetch(request) {
    return new Response(await ask(new URL(request.url).searchParams.get('server')));
  },
};

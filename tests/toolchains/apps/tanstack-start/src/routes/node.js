import { createFileRoute } from '@tanstack/react-router';
import { ask } from '../application.js';

export const Route = createFileRoute('/node')({
  server: {
    handlers: {
      GET: async ({ request }) => new Response(await ask(new URL(request.url).searchParams.get('server'))),
    },
  },
});

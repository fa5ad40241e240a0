import { ask } from './application.js';

Deno.test('asks', async () => {
  const answer = await ask(Deno.env.get('SERVER'));
  if (answer !== 'grüße') throw new Error(answer);
});

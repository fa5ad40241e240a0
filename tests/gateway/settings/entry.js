// The gateway, and what is wrong with settings, for tests: `POST /settings` with variables as JSON returns the problem, or nothing.
import * as gateway from '../../../gateway/index.js';
import { readSettings } from '../../../gateway/settings.js';

export const { CredentialsObject, IndexObject, RegistryObject, SessionObject } = gateway;

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/settings') return gateway.default.fetch(request, env, context);
    const vars = await request.json();
    try {
      readSettings({ ...vars, CREDENTIALS: env.CREDENTIALS });
      return new Response('');
    } catch (error) {
      return new Response(error.message);
    }
  },
};

// The gateway's entry: stateless except for counters. Each request is an IncomingRequest.
// @ts-check

import { always, refused } from './answers.js';
import { IncomingRequest } from './incoming-request.js';
import { visitLanding } from './landing.js';
import { log, wordsOf } from './log.js';
import { visitLogin } from './oauth/routes.js';
import { unconfigured } from './observe/health.js';
import { settingsOf } from './settings.js';

/** @import { Env, EventContext } from './types.js' */

export { IndexObject } from './index-object.js';
export { CredentialsObject } from './oauth/credentials-object.js';
export { otlp } from './observe/otlp.js';
export { withTelemetry } from './observe/telemetry.js';
export { RegistryObject } from './registry-object.js';
export { SessionObject } from './session-object.js';

// Only where no proxy is in front: Cloudflare's network passes on no such request.
const NO_HOST = { status: 400, code: -32000, message: 'Bad request: the Host header names no host' };

export default {
  /** @param {Request} request @param {Env} env @param {EventContext} ctx */
  async fetch(request, env, ctx) {
    let settings;
    try {
      settings = settingsOf(env);
    } catch (error) {
      log('error', 'setup', { problem: wordsOf(error) });
      const probed = unconfigured(request, error);
      if (probed) return probed;
      return Response.json(
        {
          jsonrpc: '2.0',
          error: { code: -32603, message: 'Internal error: the gateway is not configured correctly, see its log' },
          id: null,
        },
        { status: 500, headers: always },
      );
    }
    const incoming = new IncomingRequest(request, env, ctx, settings);
    let answer;
    try {
      const login = visitLogin(request, env, settings);
      const visited = login ?? visitLanding(request, env, settings);
      if (visited) return incoming.observer.visited(await visited, incoming, login ? 'login' : 'landing');
      answer = await incoming.answer();
    } catch (error) {
      if (URL.canParse(request.url)) {
        const problem = (error instanceof Error && error.stack) || String(error);
        log('error', 'failed', { route: incoming.route.name, problem });
        answer = incoming.refuse('internal');
      } else answer = refused(NO_HOST);
    }
    try {
      return await incoming.finished(answer);
    } catch (error) {
      // Such as a status that no Response can have: without CORS headers a page could not even read that.
      log('error', 'unsendable', { route: incoming.route.name, status: answer.status, problem: wordsOf(error) });
      return incoming.finished(incoming.refuse('unreachable'));
    }
  },
};

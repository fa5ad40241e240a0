// The baseline of the gateway's benchmark: plain JavaScript that passes requests on, in a Worker and in a Durable
// Object, and does nothing else.
import { DurableObject } from 'cloudflare:workers';

function pass(request, upstream) {
  const { method, headers, body } = request;
  return fetch(upstream, { method, headers, body });
}

// /{worker or object}/{server}
export default {
  fetch(request, env) {
    const [, kind, server] = new URL(request.url).pathname.split('/');
    const upstream = env.UPSTREAMS[server];
    if (kind === 'worker') return pass(request, upstream);
    const object = env.OBJECTS.get(env.OBJECTS.idFromName(request.headers.get('mcp-session-id')));
    return object.fetch(new Request(upstream, request));
  },
};

export class PassThrough extends DurableObject {
  fetch(request) {
    return pass(request, request.url);
  }
}

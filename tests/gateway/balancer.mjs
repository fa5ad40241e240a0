// A load balancer that finds the replica of a session by a cookie, like those of the large clouds: each response sets a new value, and a cookie that leads
// to a dead replica is answered with 502.
import { forward } from '../js/servers/proxy/forward.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { readText } from '../js/servers/shared/messages.mjs';

/**
 * @param {string[]} replicas their URLs
 * @returns {Promise<{ url: string, foreign: string[], replicaOf(session: string): number, requests: () => number, close(): Promise<void> }>} `foreign` has
 *   the cookies that came with another session than the one that they were set for
 */
export async function startBalancer(replicas) {
  const issuedTo = new Map(); // by cookie: the session
  const places = new Map(); // by session: the replica
  const foreign = [];
  let turn = 0;
  let values = 0;
  let requests = 0;

  const listening = await listen(async (request, response) => {
    requests += 1;
    const body = await readText(request);
    const [, value, at] = /lb=((\d+)-\d+)/.exec(request.headers.cookie ?? '') ?? [];
    const session = request.headers['mcp-session-id'];
    if (value && session && issuedTo.get(value) !== session) foreign.push(value);
    if (at === undefined) turn += 1;
    const replica = at === undefined ? turn % replicas.length : Number(at);
    values += 1;
    const cookie = `${replica}-${values}`;
    const onHeaders = (headers) => {
      const own = session ?? headers['mcp-session-id'];
      issuedTo.set(cookie, own);
      if (own && headers['mcp-session-id']) places.set(own, replica);
      headers['set-cookie'] = [`lb=${cookie}; Path=/; HttpOnly`];
    };
    const outcome = await forward({ request, response, body, target: new URL(replicas[replica]) }, { onHeaders });
    if (outcome === 'refused')
      response
        .writeHead(502, { 'Content-Type': 'text/html', 'Set-Cookie': `lb=${cookie}; Path=/` })
        .end('<h1>502 Bad Gateway</h1>');
  });
  return {
    url: `${listening.origin}/mcp`,
    foreign,
    replicaOf: (session) => places.get(session),
    requests: () => requests,
    close: listening.close,
  };
}

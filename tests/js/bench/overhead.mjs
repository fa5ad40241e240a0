// The time that each client adds to a bare fetch and JSON.parse for one call, taking turns with the same fake fetch, so
// that noise affects all alike.
import { clients } from './compare/clients.mjs';
import { fakeServer, median } from './fake-server.mjs';

export async function overhead(_mcp, rounds = 60, callsPerRound = 200) {
  const server = fakeServer();
  server.sessions.add('bare');
  const bare = async () => {
    const response = await server.fetch('http://fake/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': 'bare',
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } }),
    });
    return JSON.parse(await response.text()).result;
  };
  const contenders = { bare };
  const opened = [];
  for (const [name, open] of Object.entries(clients)) {
    const client = await open('http://fake/mcp', { fetch: server.fetch });
    opened.push(client);
    contenders[name] = () => client.call('echo');
  }
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, call] of Object.entries(contenders)) {
      const started = performance.now();
      for (let index = 0; index < callsPerRound; index += 1) await call();
      times[name].push(((performance.now() - started) * 1_000) / callsPerRound);
    }
  }
  for (const client of opened) await client.close();
  // The first rounds are a warm-up.
  const typical = Object.fromEntries(
    Object.entries(times).map(([name, values]) => [name, median(values.slice(rounds / 3))]),
  );
  const added = (name) => typical[name] - typical.bare;
  console.log(
    `one call, in-process fetch, bare ${typical.bare.toFixed(1)} µs; added by ${Object.keys(clients)
      .map((name) => `${name} ${added(name).toFixed(1)} µs`)
      .join(', ')}`,
  );
  console.log(
    `  ours is ${(added('mcp-tether') / added('SDK v1')).toFixed(2)} of v1's (at most 1), ` +
      `${(added('mcp-tether') / added('SDK v2')).toFixed(2)} of v2's (at most 0.33)`,
  );
  return {
    failures: [
      added('mcp-tether') > added('SDK v1') && 'slower than v1',
      added('mcp-tether') > added('SDK v2') / 3 && 'more than a third of v2',
    ].filter(Boolean),
  };
}

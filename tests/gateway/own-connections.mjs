// The connections of the tests' own clients in Node: one for each request. workerd closes a kept one 5 seconds after its last response, also if it was too
// busy to read the request that has come meanwhile. On a loaded machine that happens beside a flood, and such a request fails.
const key = Symbol.for('undici.globalDispatcher.1');

await fetch('data:,'); // makes the dispatcher
const Agent = globalThis[key].constructor;
globalThis[key] = new Agent({ pipelining: 0 });

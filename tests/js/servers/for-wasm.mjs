// The servers for the wasm tests in a browser, all in one process: real ones, and the fault server.
import { startFaultServer } from './fault-server.mjs';
import { startSdkServer } from './sdk-server.mjs';
import { commandLineOptions, runUntilStopped } from './shared/lifetime.mjs';

const options = commandLineOptions();
const port = (name) => Number(options[`${name}-port`] ?? 0);

const servers = {
  stateful: await startSdkServer({ mode: 'stateful', port: port('stateful') }),
  stateless: await startSdkServer({ mode: 'stateless', port: port('stateless') }),
  json: await startSdkServer({ mode: 'stateful', jsonResponse: true, port: port('json') }),
  resumable: await startSdkServer({ mode: 'stateful', eventStore: true, port: port('resumable') }),
};
const faultServer = await startFaultServer({ port: port('faults') });

runUntilStopped(async () => {
  await Promise.all([...Object.values(servers), faultServer].map((server) => server.close()));
});

console.log(
  JSON.stringify({
    ...Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url])),
    faults: faultServer.origin,
    control: {
      ...Object.fromEntries(Object.entries(servers).map(([name, { control }]) => [name, control])),
      faults: `${faultServer.origin}/control`,
    },
  }),
);

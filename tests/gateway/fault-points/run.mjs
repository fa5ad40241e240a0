// Everything that a session's object does in steps, with a fault at each step: afterwards no session is counted that does not exist, and none is left at
// the server.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { bundled } from '../bundle.mjs';
import { initializeParams, sender } from '../http.mjs';
import { startScriptedSessions } from '../scripted-sessions.mjs';
import { startStack, until } from '../stack.mjs';

const MINUTE = 60_000;
const LIMIT = 2;

/**
 * Runs the scenarios.
 * @param {{ modes: string[], every: number }} options how objects fail, and which share of the points is tried
 */
export function testFaultPoints({ modes, every }) {
  describe('a fault at each step of', { timeout: 600_000 }, () => {
    let folder;
    let server;
    let stack;
    let ada;
    before(async () => {
      folder = await bundled(new URL('entry.js', import.meta.url));
      server = await startScriptedSessions();
      stack = await startStack({
        server: false,
        folder,
        servers: { scripted: { url: server.url, sessionConfig: { retryDelay: 1, retryAttempts: 1 } } },
        vars: { MAX_SESSIONS_PER_USER: LIMIT, RATE_PER_MINUTE: 0, BREAKER_COOLDOWN: 1 },
      });
      ada = sender(`${stack.origin}/scripted/mcp`);
    });
    after(async () => {
      await stack.stop();
      await server.close();
      await rm(folder, { recursive: true });
    });

    const arm = (at, mode) =>
      fetch(`${stack.origin}/fault-points`, { method: 'POST', body: JSON.stringify({ at, mode }) });
    const passed = async () => (await fetch(`${stack.origin}/fault-points`)).json();
    const listed = async () => (await (await ada.send('GET', { path: '/sessions' })).json()).sessions;
    const end = (session) => ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    const open = async () => {
      const response = await ada.send('POST', { body: ada.rpc('initialize', initializeParams, 'open') });
      await response.text();
      return response.headers.get('mcp-session-id') ?? undefined;
    };
    // Faults of requests may have opened the breaker.
    const opened = () => until(open, 'a session is opened');
    const call = async (session) => {
      const response = await ada.call(session, 'echo', { text: 'x' }, { id: Math.random() });
      await response.text();
      return response.status;
    };

    /** By name: what is prepared, what is done with a fault, and which sessions the client has afterwards. */
    const scenarios = {
      'opening a session': { prepare: async () => end(await opened()).then(() => []), act: async () => [await open()] },
      // A session whose end fails is still the client's; one whose end is reported is not.
      'ending a session': {
        prepare: async () => [await opened()],
        act: async ([session]) => ((await end(session)).ok ? [] : [session]),
      },
      'ending a session by its handle': {
        prepare: async () => [await opened()],
        async act(sessions) {
          const [{ handle }] = await listed();
          return (await ada.send('DELETE', { path: `/sessions/${handle}` })).ok ? [] : sessions;
        },
      },
      'making room': {
        prepare: async () => [await opened(), await opened()],
        act: async (sessions) => [...sessions, await open()],
      },
      'recovering a session': {
        prepare: async () => [await opened()],
        async act([session]) {
          server.open.clear();
          await call(session);
          return [session];
        },
      },
    };

    // The id of a new session is nowhere but in the memory of an object that dies before it writes it, or in the middle of a recovery. The server's own idle
    // timeout ends such a session.
    const isUnknown = (fault, name) =>
      /(die|throw) before UPDATE session SET upstream/.test(fault) || (name.includes('recover') && /^die /.test(fault));

    /** Whether what the index counts and what the server has are the sessions of the client, or expire within a minute. */
    async function isClean(kept, fault, name) {
      const entries = await listed();
      const lasting = entries.filter(({ createdAt, expiresAt }) => expiresAt - createdAt > MINUTE);
      return lasting.length <= kept.length && server.open.size <= kept.length + (isUnknown(fault, name) ? 1 : 0);
    }

    /** Ends what is left, and forgets entries that expire by themselves. */
    async function clean(sessions) {
      await arm();
      for (const session of sessions) await end(session).catch(() => {});
      for (const { handle } of await listed()) await ada.send('DELETE', { path: `/sessions/${handle}` });
    }

    async function run(scenario, { prepare, act }, at, mode) {
      await arm();
      const prepared = await prepare();
      await arm(at, mode);
      const kept = ((await act(prepared).catch(() => prepared)) ?? []).filter(Boolean);
      const names = await passed();
      await arm();
      const name = at === undefined ? 'no fault' : `${mode} before ${names[at - 1]} (${at})`;
      const alive = [];
      for (const session of kept) if ((await call(session)) === 200) alive.push(session);
      for (let tries = 0; !(await isClean(alive, name, scenario)); tries += 1) {
        if (tries > 100) {
          const entries = (await listed()).length;
          assert.fail(`${name}: ${alive.length} sessions, ${entries} entries, ${server.open.size} at the server`);
        }
        await wait(50);
      }
      await clean(alive);
      server.open.clear();
      return names.length;
    }

    for (const [name, scenario] of Object.entries(scenarios))
      for (const mode of modes)
        test(`${name}: the object ${mode === 'die' ? 'dies' : 'fails'}`, async () => {
          const points = await run(name, scenario);
          assert.ok(points > 0, 'there are points');
          for (let at = 1; at <= points; at += every) await run(name, scenario, at, mode);
        });
  });
}

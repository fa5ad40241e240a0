// The servers of one tab and their fault control: `<server>/mcp` is an endpoint, `control/<name>` causes faults and returns counts.
// The commands are those of the proxy in front of the real server (tests/js/servers/fault-proxy.mjs).
// @ts-check

import { json, refusal } from './answers.js';
import { faults } from './faults.js';
import { SimulatedServer } from './server.js';

/** @import { Exchange, Settings } from './faults.js' */
/** @import { Hooks, Rpc } from './server.js' */

/** @typedef {Settings & { kind: string, client?: string, left: number }} Pending a fault waiting for its request */
/** @typedef {Partial<Pending> & { count?: number, quiet?: boolean, down?: number }} Control */
/** @typedef {Record<string, number>} Tally */
/** @typedef {{ http: Tally, rpc: Tally, runs: number, tools: Tally, repeated: number }} ClientCounts */
/** @typedef {{ since: string, http: Tally, rpc: Tally, status: Tally, faults: Tally, restarts: number, clients: Record<string, ClientCounts> }} Counts */

const keptCalls = 10_000;

export class Room {
  /** @type {Map<string, SimulatedServer>} */
  #servers = new Map();
  /** @type {Pending[]} */
  #pending = [];
  /** @type {Set<string>} */
  #calls = new Set(); // those that have run: client, tool and arguments
  /** @type {Counts} */
  #counts = { since: crypto.randomUUID(), http: {}, rpc: {}, status: {}, faults: {}, restarts: 0, clients: {} };

  /** @param {Request} request @param {string} path within the room */
  async answer(request, path) {
    const [place = '', name] = path.split('/');
    const text = request.method === 'POST' ? await request.text() : '';
    const body = parse(text);
    if (place === 'control') return this.#control(name, body);
    if (name !== 'mcp') return refusal(404, -32000, 'The MCP endpoint is <server>/mcp');
    return this.#mcp(this.#server(place), request, body);
  }

  /** @param {SimulatedServer} server @param {Request} request @param {Rpc | undefined} message */
  async #mcp(server, request, message) {
    const client = new URL(request.url).searchParams.get('client') ?? 'mcp-tether';
    const own = this.#counts.clients[client] ?? { http: {}, rpc: {}, runs: 0, tools: {}, repeated: 0 };
    this.#counts.clients[client] = own;
    for (const counts of [this.#counts, own]) {
      tally(counts.http, request.method);
      if (message?.method) tally(counts.rpc, message.method);
    }
    const exchange = { request, message };
    /** @type {(hooks?: Hooks) => Promise<Response>} */
    const pass = (hooks) =>
      server.answer(request, message, {
        ...hooks,
        ran: (tool) => this.#ran(own, client, tool, message),
      });
    const fault = this.#take(exchange, client);
    if (fault) tally(this.#counts.faults, fault.kind);
    const kind = fault && faults[fault.kind];
    const response = await (kind ? kind.act(exchange, { settings: fault, pass }) : pass());
    tally(this.#counts.status, response.status);
    return response;
  }

  /** @param {ClientCounts} counts @param {string} client @param {string} tool @param {Rpc | undefined} message */
  #ran(counts, client, tool, message) {
    counts.runs += 1;
    tally(counts.tools, tool);
    const call = `${client} ${tool} ${JSON.stringify(message?.params?.arguments)}`;
    if (this.#calls.has(call)) counts.repeated += 1;
    else if (this.#calls.size < keptCalls) this.#calls.add(call);
  }

  /** @param {Exchange} exchange @param {string} client */
  #take(exchange, client) {
    const index = this.#pending.findIndex(
      (fault) => (fault.client ?? client) === client && faults[fault.kind]?.applies(exchange),
    );
    const fault = this.#pending[index];
    if (!fault) return undefined;
    fault.left -= 1;
    if (fault.left <= 0) this.#pending.splice(index, 1);
    return fault;
  }

  /** @param {string | undefined} name @param {Control} [settings] */
  async #control(name, settings = {}) {
    const all = [...this.#servers.values()];
    /** @type {(values: number[]) => number} */
    const sum = (values) => values.reduce((total, n) => total + n, 0);
    switch (name) {
      case 'counts':
        return json(200, {
          ...this.#counts,
          pendingFaults: this.#pending.length,
          sessions: sum(all.map((server) => server.sessionCount)),
        });
      case 'forget':
        return json(200, { forgotten: sum(all.map((server) => server.forget(settings))) });
      case 'cut-listening':
        for (const server of all) server.cutListening();
        return json(200, {});
      case 'restart': {
        const started = Date.now();
        await Promise.all(all.map((server) => server.restart(settings.down)));
        this.#counts.restarts += 1;
        return json(200, { ms: Date.now() - started });
      }
      case 'fault':
        if (settings.kind === undefined || !Object.hasOwn(faults, settings.kind))
          return json(400, { error: `kind must be one of: ${Object.keys(faults).join(', ')}` });
        this.#pending.push({ ...settings, kind: settings.kind, left: settings.count ?? 1 });
        return json(200, { pendingFaults: this.#pending.length });
      case 'clear':
        this.#pending.length = 0;
        return json(200, {});
      default:
        return json(404, { error: 'unknown control command' });
    }
  }

  /** @param {string} name @returns {SimulatedServer} */
  #server(name) {
    const server = this.#servers.get(name) ?? new SimulatedServer(name);
    this.#servers.set(name, server);
    return server;
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {Record<string, number>} counts @param {string | number} name */
function tally(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

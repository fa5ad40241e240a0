// The gateway with fault points, for tests: before each storage write, index call and request of a session's object to a server, the object fails, or dies.
// `POST /fault-points { at, mode }` arms the point of this number; `GET /fault-points` returns the names of those that were passed since.
import * as gateway from '../../../gateway/index.js';

const WRITES = /^\s*(INSERT|UPDATE|DELETE|CREATE)/i;
const HURRY = 60; // alarms come this many times sooner: the end of a session is tried again after a minute

const plan = { at: Number.POSITIVE_INFINITY, mode: 'throw', passed: [] };
/** The object that acted last: tests use one at a time. */
let current;
const isDead = new WeakSet();

/** @param {object} context of the object @param {string} name */
function point(context, name) {
  if (isDead.has(context)) throw new Error('the object is dead');
  plan.passed.push(name);
  if (plan.passed.length !== plan.at) return;
  if (plan.mode === 'die') {
    isDead.add(context);
    context.abort(`died before ${name}`);
  }
  throw new Error(`failed before ${name}`);
}

/** Puts a function in front of a method. */
function before(object, method, act) {
  const original = object[method];
  object[method] = (...given) => {
    const changed = act(...given);
    return original.apply(object, changed ?? given);
  };
}

function watch(context) {
  const { storage } = context;
  before(storage.sql, 'exec', (query) => {
    if (WRITES.test(query)) point(context, query.trim().slice(0, 40));
  });
  before(storage, 'setAlarm', (at) => {
    point(context, 'setAlarm');
    return [Date.now() + Math.max(1, (at - Date.now()) / HURRY)];
  });
  for (const method of ['deleteAlarm', 'deleteAll']) before(storage, method, () => point(context, method));
}

/** The index, called by this object. */
function indexOf(context, namespace) {
  return {
    idFromName: (name) => namespace.idFromName(name),
    get(id) {
      const stub = namespace.get(id);
      return new Proxy(
        {},
        {
          get:
            (_, method) =>
            async (...given) => {
              point(context, `index.${String(method)}`);
              return stub[method](...given);
            },
        },
      );
    },
  };
}

const reach = globalThis.fetch;
globalThis.fetch = async (url, init) => {
  if (current && !isDead.has(current))
    point(current, `fetch ${init?.method} ${/"method":"([^"]+)"/.exec(init?.body ?? '')?.[1] ?? ''}`);
  return reach(url, init);
};

export class SessionObject extends gateway.SessionObject {
  constructor(context, env) {
    watch(context);
    super(context, { ...env, INDEX: indexOf(context, env.INDEX) });
    current = context;
  }
}

export const { IndexObject, RegistryObject } = gateway;

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/fault-points') return gateway.default.fetch(request, env, context);
    if (request.method === 'GET') return Response.json(plan.passed);
    const { at, mode } = await request.json();
    Object.assign(plan, { at: at ?? Number.POSITIVE_INFINITY, mode, passed: [] });
    return new Response();
  },
};

// For bundlers and hosts that pass the module. All other entries add a way to find the module to this one.

import { McpError } from './error.js';
import { instantiate, isReady, loadOnce } from './load.js';
import { isPlain, McpManager as Machine, McpSession, resolve } from './mcp_tether.js';
import { SessionTransport } from './transport.js';

export { initSync } from './load.js';
// For the other entries of the package.
export { deferred, isPlain } from './mcp_tether.js';
export { setTimers } from './timers.js';
export { McpError, McpSession };

// Header with the server's name for `route`; never sent.
const MARK = 'mcp-tether-server';

const CREDENTIALS = 'omit, same-origin, include';

const wrong = (words) => new McpError(words, { code: 'config_error' });

const check = (value, type, name) => {
  if (typeof value !== type) throw wrong(`${name}: must be a ${type}`);
};

export class McpManager extends Machine {
  #servers;

  // `fetch`, `credentials` and `auth` of a server stay here: the module reads only JSON.
  constructor(config, options) {
    if (!isReady) throw wrong('the WebAssembly module is not loaded: await init() before new McpManager()');
    const servers = { ...config?.mcpServers };
    const mcpServers = { ...servers };
    let routed = options?.log === false ? { ...options, log() {} } : options;
    for (const name in servers) {
      const { fetch: own, credentials, auth, ...server } = servers[name] ?? {};
      if (own || credentials || auth) {
        mcpServers[name] = server;
        config = { ...config, mcpServers };
      }
      if (own || credentials) {
        const problem =
          (own && typeof own !== 'function' && 'fetch: must be a function') ||
          (credentials &&
            !CREDENTIALS.split(', ').includes(credentials) &&
            `credentials: must be one of ${CREDENTIALS}`);
        if (problem) throw wrong(`mcpServers.${name}.${problem}`);
        // The module reports others, which a copy would make empty.
        const headers = server.headers ?? {};
        if (isPlain(headers)) server.headers = { ...headers, [MARK]: encodeURIComponent(name) };
        routed = { ...routed, fetch: route };
      }
    }
    super(config, routed);
    this.#servers = servers;

    function route(url, { headers: { [MARK]: mark, ...headers } = {}, ...init }) {
      const { fetch: own, credentials } = servers[decodeURIComponent(mark)] ?? {};
      if (credentials) init.credentials = credentials;
      return (own ?? options?.fetch ?? fetch)(url, { ...init, headers });
    }
    route.base = options?.fetch;
  }

  connect(userId, serverName, options) {
    const auth = this.#servers[serverName]?.auth;
    return super.connect(userId, serverName, auth ? { ...options, auth: options?.auth ?? auth } : options);
  }

  notifyNetwork(state) {
    if (!['offline', 'online'].includes(state)) throw wrong("state: must be 'offline' or 'online'");
    this.tell(`is ${state}`);
  }

  transport(userId, serverName, options) {
    return new SessionTransport((client) => this.connect(userId, serverName, { ...options, ...client }));
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  // Loaded on demand.
  async diagnose(serverName, userId, options) {
    const target = () => ({ ...resolve(this, serverName, userId), own: this.#servers[serverName] });
    target(); // rejects invalid arguments before loading anything
    const { diagnose, reach } = await import('./diagnose.js');
    return diagnose(() => reach(target()), options);
  }
}

// Consoles show the name of a class, which the minifier removes.
for (const [value, exported] of Object.entries({ McpError, McpManager, McpSession, SessionTransport })) {
  Object.defineProperty(exported, 'name', { value, configurable: true });
}

const sessions = McpSession.prototype;
const { request } = sessions;

// `request('tools/list', params, options)` is `request({ method: 'tools/list', params }, options)`.
sessions.request = function (message, params, options) {
  return typeof message === 'string'
    ? request.call(this, { method: message, params }, options)
    : request.call(this, message, params);
};

for (const kind of ['Notification', 'Request']) {
  sessions[`set${kind}Handler`] = function (method, handler) {
    check(method, 'string', 'method');
    check(handler, 'function', 'handler');
    const filled = async (...asked) => (await import('./elicitation.js')).answerForm(handler, ...asked);
    this.hear(kind === 'Request', method === 'elicitation/create' ? filled : handler, method);
  };
}

// One export of the module for each would take more.
const methods = {
  listTools: 'tools/list',
  listResources: 'resources/list',
  listResourceTemplates: 'resources/templates/list',
  listPrompts: 'prompts/list',
  readResource: 'resources/read',
  subscribeResource: 'resources/subscribe',
  unsubscribeResource: 'resources/unsubscribe',
  getPrompt: 'prompts/get',
  complete: 'completion/complete',
};

for (const name in methods) {
  const call = (session, params, options) => session.call(methods[name], params, options, /sub/.test(name));
  sessions[name] = /^list/.test(name)
    ? // Most lists have one page. The code for further pages is loaded on demand.
      async function (params, options) {
        const since = Date.now();
        const first = await call(this, params, options);
        if (!first.nextCursor || params?.cursor !== undefined) return first;
        const { readOn } = await import('./list-pages.js');
        return readOn(first, (...page) => call(this, ...page), params, options, since);
      }
    : function (params, options) {
        return call(this, params, options);
      };
}

sessions.ping = function (options) {
  return this.call('ping', undefined, options, true);
};

sessions.setLoggingLevel = async function (level, options) {
  check(level, 'string', 'level');
  return this.call('logging/setLevel', { level }, options, true);
};

const results = {
  getServerCapabilities: 'capabilities',
  getServerVersion: 'serverInfo',
  getInstructions: 'instructions',
};

for (const name in results) {
  sessions[name] = function () {
    return this.info().result?.[results[name]] ?? undefined;
  };
}

for (const name of ['userId', 'serverName', 'sessionId', 'kind', 'state', 'generation', 'protocolVersion']) {
  Object.defineProperty(sessions, name, {
    get() {
      return this.info()[name];
    },
  });
}

for (const name of ['onnotification', 'observer']) {
  const byObserver = name === 'observer';
  Object.defineProperty(sessions, name, {
    get() {
      return this.heard(byObserver);
    },
    set(handler) {
      this.hear(byObserver, handler);
    },
  });
}

// Releases the object, not the session: other callers of `connect` may use it.
sessions[Symbol.asyncDispose] = async function () {
  this[Symbol.asyncDispose] = async () => {};
  await undefined; // the module may be using this object
  this.free();
  // Every method reads the pointer first; without one the module would trap.
  Object.defineProperty(this, '__wbg_ptr', {
    get() {
      throw new McpError('this session was disposed: call connect() again', { code: 'closed' });
    },
  });
};

export default function init(source) {
  return loadOnce(() => instantiate(source));
}

// Loads nothing by itself: for a bundler or a host that hands over the module. Every other entry is this one and a way to find the module.

import { withDefaults } from './elicitation.js';
import { McpError } from './error.js';
import { compile, isReady, loadOnce } from './load.js';
import { McpManager as Machine, McpSession, resolve } from './mcp_tether.js';
import { SessionTransport } from './transport.js';

export { initSync } from './load.js';
export { McpError, McpSession };

export class McpManager extends Machine {
  constructor(config, options) {
    if (!isReady) throw new McpError('await init() before new McpManager()', { code: 'config_error' });
    super(config, options);
  }
}

// A console shows the name of a class, and the minifier took it.
for (const [value, exported] of Object.entries({ McpError, McpManager, McpSession, SessionTransport })) {
  Object.defineProperty(exported, 'name', { value, configurable: true });
}

// What is not the module's costs less here.
McpManager.prototype.transport = function (userId, serverName, options) {
  return new SessionTransport((client) => this.connect(userId, serverName, { ...options, ...client }));
};

// Most pages never need it, so it is loaded when it is asked for.
McpManager.prototype.diagnose = async function (serverName, userId, options) {
  const target = () => {
    const found = resolve(this, serverName, userId);
    return { ...found, fetch: found.fetch?.plain ?? found.fetch };
  };
  target(); // a wrong argument is told before anything is loaded
  const { diagnose } = await import('./diagnose.js');
  return diagnose(target, options);
};

const { setRequestHandler } = McpSession.prototype;
McpSession.prototype.setRequestHandler = function (method, handler) {
  const isForm = method === 'elicitation/create' && typeof handler === 'function';
  setRequestHandler.call(this, method, isForm ? withDefaults(handler) : handler);
};

export default function init(source) {
  return loadOnce(() => compile(source));
}

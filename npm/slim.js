// Loads nothing by itself: for a bundler or a host that hands over the module. Every other entry is this one and a way to find the module.

import load, { loadSync, McpManager, McpSession, resolve } from './mcp_tether.js';
import { withDefaults } from './elicitation.js';
import { McpError } from './error.js';
import { setTimers } from './timers.js';
import { SessionTransport } from './transport.js';

export { McpError, McpManager, McpSession };
// For the other entries of the package.
export { setTimers };

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

let loading;

export default function init(source) {
  // One instance for all who ask, whoever asks first. A load that failed may be tried again, perhaps from another place.
  loading ??= load(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

export function initSync(module) {
  loadSync(module);
  loading ??= Promise.resolve();
}

// The scenario of the page as a program, to paste into a project or into this page's console.
// @ts-check

import { callbackUrl } from './backends/login.js';

/** @import { SessionConfig } from 'mcp-tether' */
/** @import { Backend, Holder, Scenario } from './types.js' */

/** @param {Scenario & { backend: Backend, holder: Holder, tool?: string, given?: object | undefined }} scenario */
export function snippetFor({ backend, holder, fault, tool = 'echo', given = { message: 'Still there?' }, times }) {
  const { name, url, sessionConfig, headers } = find(backend, holder.serverName);
  const hidden = headers && Object.fromEntries(Object.keys(headers).map((header) => [header, '…']));
  const server = {
    url,
    ...(hidden && Object.keys(hidden).length > 0 && { headers: hidden }),
    ...(sessionConfig && { sessionConfig }),
  };
  const library = literal(new URL('pkg/browser.js', document.baseURI).href);
  const call = `session.callTool(${literal({ name: tool, arguments: given })})`;
  return [
    backend.kind === 'simulated'
      ? `// In this page's console, for its simulated server:\nconst { default: init, McpManager } = await import(${library});`
      : "import init, { McpManager } from 'mcp-tether';",
    ...(backend.kind === 'login' ? ["import { oauth, popup } from 'mcp-tether/oauth';"] : []),
    'await init();',
    '',
    `const manager = new McpManager({\n  mcpServers: { ${key(name)}: ${literal(server)} },\n});`,
    "manager.events.addEventListener('recoverySucceeded', () => console.log('recovered'));",
    ...(backend.kind === 'login'
      ? [`const auth = oauth({ redirectUri: ${literal(callbackUrl())}, authorize: popup() });`]
      : []),
    `const session = await manager.connect(${literal(holder.userId)}, ${literal(name)}${backend.kind === 'login' ? ', { auth }' : ''});`,
    ...breaking(fault, sessionConfig),
    ...(times > 1
      ? [
          `const results = await Promise.allSettled(Array.from({ length: ${times} }, () => ${call}));`,
          "console.log(results.filter(({ status }) => status === 'fulfilled').length, 'of', results.length, 'answered');",
        ]
      : [`console.log(await ${call});`]),
    'await manager.close({ terminate: true });',
  ].join('\n');
}

/** @param {Backend} backend @param {string} serverName */
function find({ servers }, serverName) {
  return servers.find(({ name }) => name === serverName) ?? servers[0];
}

/** @param {Scenario['fault']} fault @param {SessionConfig | undefined} sessionConfig */
function breaking(fault, sessionConfig) {
  if (!fault) return [];
  const requests = fault.requests?.map(
    ({ url, body }) => `await fetch(${literal(url)}, { method: 'POST', body: '${JSON.stringify(body)}' });`,
  );
  if (requests) return ['', `// ${fault.label}`, ...requests, ''];
  if (fault.id === 'expire')
    return [
      '',
      `// ${fault.label}: wait longer than the idle timeout`,
      `await new Promise((resolve) => { setTimeout(resolve, ${sessionConfig?.timeout ?? 3_600_000} + 500); });`,
      '',
    ];
  return [
    '',
    `// ${fault.label}: ${fault.id === 'offline' ? 'go offline here' : 'cause the fault at the server here'}`,
    '',
  ];
}

/**
 * A literal in the usual style: unquoted keys, single quotes.
 * @param {unknown} value
 * @returns {string}
 */
function literal(value) {
  if (typeof value === 'string') return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n')}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  const fields = Object.entries(value).map(([name, field]) => `${key(name)}: ${literal(field)}`);
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
}

/** @param {string} name */
function key(name) {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

// The scenario of the page as programs, to paste into a project or into this page's console.
// @ts-check

import { callbackUrl } from './backends/login.js';

/** @import { SessionConfig } from 'mcp-tether' */
/** @import { Backend, Holder, Scenario } from './types.js' */

/** @typedef {Scenario & { backend: Backend, holder: Holder, tool?: string, given?: object | undefined }} Whole */

/** The scenario with each client: { id, label, code }. @param {Whole} scenario */
export function snippetsFor(scenario) {
  const parts = partsOf(scenario);
  return [
    { id: 'mcp-tether', label: 'mcp-tether', code: withOurs(scenario, parts) },
    { id: 'official', label: 'Official SDK', code: withOfficial(scenario, parts) },
    { id: 'react', label: 'React', code: withReact(scenario, parts) },
  ];
}

/** What the programs have in common. @param {Whole} scenario */
function partsOf({ backend, holder, tool = 'echo', given = { message: 'Still there?' } }) {
  const { name, url, sessionConfig, headers } = find(backend, holder.serverName);
  const hidden = headers && Object.fromEntries(Object.keys(headers).map((header) => [header, '…']));
  const server = {
    url,
    ...(hidden && Object.keys(hidden).length > 0 && { headers: hidden }),
    ...(sessionConfig && { sessionConfig }),
  };
  const logsIn = backend.kind === 'login';
  return {
    name,
    sessionConfig,
    tool: literal(tool),
    given: literal(given),
    params: literal({ name: tool, arguments: given }),
    manager: `const manager = new McpManager({\n  mcpServers: { ${key(name)}: ${literal(server)} },\n});`,
    imports: logsIn ? ["import { oauth, popup } from 'mcp-tether/oauth';"] : [],
    login: logsIn ? [`const auth = oauth({ redirectUri: ${literal(callbackUrl())}, authorize: popup() });`] : [],
    who: `${literal(holder.userId)}, ${literal(name)}${logsIn ? ', { auth }' : ''}`,
  };
}

/** @typedef {ReturnType<typeof partsOf>} Parts */

/** @param {Whole} scenario @param {Parts} parts */
function withOurs({ backend, fault, times }, { imports, login, manager, params, sessionConfig, who }) {
  const library = literal(new URL('pkg/browser.js', document.baseURI).href);
  return [
    backend.kind === 'simulated'
      ? `// In this page's console, for its simulated server:\nconst { default: init, McpManager } = await import(${library});`
      : "import init, { McpManager } from 'mcp-tether';",
    ...imports,
    'await init();',
    '',
    manager,
    "manager.events.addEventListener('recoverySucceeded', () => console.log('recovered'));",
    ...login,
    `const session = await manager.connect(${who});`,
    ...breaking(fault, sessionConfig),
    ...calling('session', params, times),
    'await manager.close({ terminate: true });',
  ].join('\n');
}

/** The official client, on a transport of the manager. @param {Whole} scenario @param {Parts} parts */
function withOfficial({ fault, times }, { imports, login, manager, params, sessionConfig, who }) {
  return [
    "import { Client } from '@modelcontextprotocol/client';",
    "import init, { McpManager } from 'mcp-tether';",
    ...imports,
    'await init();',
    '',
    manager,
    ...login,
    "const client = new Client({ name: 'my-app', version: '1.0.0' });",
    `await client.connect(manager.transport(${who})); // the only line that changes`,
    ...breaking(fault, sessionConfig),
    ...calling('client', params, times),
    'await client.close();',
    'await manager.close({ terminate: true });',
  ].join('\n');
}

/** A component. @param {Whole} _scenario @param {Parts} parts */
function withReact(_scenario, { given, imports, login, manager, tool, who }) {
  return [
    "import init, { McpManager } from 'mcp-tether';",
    ...imports,
    "import { useMcp } from 'mcp-tether/react';",
    "import { useState } from 'react';",
    'await init();',
    '',
    manager,
    ...login,
    '',
    'export function Ask() {',
    `  const { state, call } = useMcp(manager, ${who});`,
    "  const [answer, setAnswer] = useState('');",
    '  const ask = async () => {',
    '    try {',
    `      const { content } = await call(${tool}, ${given});`,
    '      setAnswer(JSON.stringify(content));',
    '    } catch (error) {',
    '      setAnswer(String(error));',
    '    }',
    '  };',
    '  return (',
    '    <p>',
    '      <button onClick={ask}>Ask ({state})</button> {answer}',
    '    </p>',
    '  );',
    '}',
  ].join('\n');
}

/** @param {'session' | 'client'} who @param {string} params @param {number} times */
function calling(who, params, times) {
  const call = `${who}.callTool(${params})`;
  if (times === 1) return [`console.log(await ${call});`];
  return [
    `const results = await Promise.allSettled(Array.from({ length: ${times} }, () => ${call}));`,
    "console.log(results.filter(({ status }) => status === 'fulfilled').length, 'of', results.length, 'answered');",
  ];
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

// The conformance suite's fixture server for the extension io.modelcontextprotocol/tasks (SEP-2663) of 2026-07-28, which
// the official SDK does not have. It answers in JSON and keeps its tasks in memory.
import { randomUUID } from 'node:crypto';
import { listen } from '../../js/servers/shared/listen.mjs';
import { parseJson, readText, sendJson } from '../../js/servers/shared/messages.mjs';
import { object, textResult } from './everything.mjs';

const extension = 'io.modelcontextprotocol/tasks';
const required = { extensions: { [extension]: {} } };
const codes = { headerMismatch: -32020, missingCapability: -32021, methodNotFound: -32601, invalidParams: -32602 };
const statuses = { [codes.headerMismatch]: 400, [codes.missingCapability]: 400, [codes.methodNotFound]: 404 };
const elicit = (message) => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: object({ name: { type: 'string' } }) },
});

/** An error that is answered with its own code. */
class Refusal extends Error {
  constructor(code, message, data) {
    super(message);
    Object.assign(this, { code, data });
  }
}

/** One task: it ends by itself after a while, or when its questions are answered. */
class Task {
  id = randomUUID();
  created = new Date().toISOString();
  updated = this.created;
  state = { status: 'working' };
  #questions = {};

  /** @param {{ ms?: number, end: object, questions?: object }} plan `end` is the state that it ends in */
  constructor({ ms = 0, end, questions }) {
    this.end = end;
    if (questions) {
      this.#questions = questions;
      this.#enter({ status: 'input_required', inputRequests: questions });
    } else this.timer = setTimeout(() => this.#enter(end), ms).unref();
  }

  #enter(state) {
    if (['completed', 'failed', 'cancelled'].includes(this.state.status)) return;
    clearTimeout(this.timer);
    this.state = state;
    this.updated = new Date().toISOString();
  }

  cancel() {
    this.#enter({ status: 'cancelled' });
  }

  answer(responses) {
    const open = Object.entries(this.#questions).filter(([key]) => !Object.hasOwn(responses, key));
    if (open.length === Object.keys(this.#questions).length) return;
    this.#questions = Object.fromEntries(open);
    this.#enter(open.length > 0 ? { status: 'input_required', inputRequests: this.#questions } : this.end);
  }

  get described() {
    const { id, created, updated } = this;
    return { taskId: id, createdAt: created, lastUpdatedAt: updated, ttlMs: 600_000, pollIntervalMs: 100 };
  }
}

const completed = (text, more) => ({ status: 'completed', result: { ...textResult(text), ...more } });

/** `plan` makes a task of a call; a tool without one is synchronous, and one with `isTask` cannot be. */
const tools = {
  greet: { inputSchema: object({ name: { type: 'string' } }), run: ({ name }) => textResult(`Hello, ${name}!`) },
  slow_compute: {
    inputSchema: object({ seconds: { type: 'number' }, label: { type: 'string' } }),
    run: ({ label }) => textResult(`computed ${label}`),
    plan: ({ seconds, label }) => ({ ms: seconds * 1_000, end: completed(`computed ${label}`) }),
  },
  failing_job: { isTask: true, plan: () => ({ ms: 50, end: completed('it failed', { isError: true }) }) },
  protocol_error_job: {
    isTask: true,
    plan: () => ({ ms: 50, end: { status: 'failed', error: { code: -32603, message: 'it broke' } } }),
  },
  confirm_delete: {
    isTask: true,
    inputSchema: object({ filename: { type: 'string' } }),
    plan: ({ filename }) => ({ end: completed(`deleted ${filename}`), questions: { confirm: elicit('Delete it?') } }),
  },
  multi_input: {
    isTask: true,
    plan: () => ({ end: completed('both'), questions: { one: elicit('One?'), two: elicit('Two?') } }),
  },
  test_tool_with_task: {
    isTask: true,
    asks: { user_name: elicit('What is your name?') },
    plan: (_given, answers) => ({ ms: 50, end: completed(`Hello, ${answers.user_name.content.name}!`) }),
  },
};

const listed = Object.entries(tools).map(([name, { inputSchema = object() }]) => ({ name, inputSchema }));

/** @returns {Promise<{ url: string, close(): Promise<void> }>} */
export async function startTasksEverything() {
  const tasks = new Map();
  const handlers = {
    'server/discover': () => ({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, ...required },
      serverInfo: { name: 'tasks', version: '1' },
      ttlMs: 0,
      cacheScope: 'private',
    }),
    'tools/list': () => ({ tools: listed, ttlMs: 0, cacheScope: 'private' }),
    'tools/call': (params) => call(params, tasks),
    'tasks/get': (params) => {
      const task = taskOf(params, tasks);
      return { ...task.described, ...task.state };
    },
    'tasks/update': (params) => {
      taskOf(params, tasks).answer(params.inputResponses);
      return {};
    },
    'tasks/cancel': (params) => {
      taskOf(params, tasks).cancel();
      return {};
    },
  };
  const listening = await listen(async (request, response) => {
    const { id, method, params = {} } = parseJson(await readText(request)) ?? {};
    try {
      if (!Object.hasOwn(handlers, method)) throw new Refusal(codes.methodNotFound, 'Method not found');
      checkHeaders(request.headers, method, params);
      const result = { resultType: 'complete', ...handlers[method](params) };
      sendJson(response, 200, { jsonrpc: '2.0', id, result });
    } catch (error) {
      const { code = -32603, message, data } = error;
      sendJson(response, statuses[code] ?? 200, { jsonrpc: '2.0', id, error: { code, message, data } });
    }
  });
  return { url: `${listening.origin}/mcp`, close: listening.close };
}

// SEP-2243, extended to tasks by SEP-2663: the headers say what the body says.
function checkHeaders(headers, method, params) {
  const name = method?.startsWith('tasks/') ? params.taskId : params.name;
  if (headers['mcp-method'] !== method) throw new Refusal(codes.headerMismatch, 'Mcp-Method is not the method');
  if (name !== undefined && headers['mcp-name'] !== name)
    throw new Refusal(codes.headerMismatch, 'Mcp-Name is not the name');
}

const declares = ({ _meta }) =>
  _meta?.['io.modelcontextprotocol/clientCapabilities']?.extensions?.[extension] !== undefined;

function taskOf(params, tasks) {
  if (!declares(params)) throw missing();
  const task = tasks.get(params.taskId);
  if (!task) throw new Refusal(codes.invalidParams, 'Task not found');
  return task;
}

const missing = () =>
  new Refusal(codes.missingCapability, `${extension} is required`, { requiredCapabilities: required });

function call(params, tasks) {
  const { name, arguments: given = {}, inputResponses } = params;
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!tool) throw new Refusal(codes.invalidParams, `no such tool: ${name}`);
  if (!tool.plan || (!declares(params) && !tool.isTask)) return tool.run(given);
  if (!declares(params)) throw missing();
  if (tool.asks && !inputResponses) return { resultType: 'input_required', inputRequests: tool.asks };
  const task = new Task(tool.plan(given, inputResponses));
  tasks.set(task.id, task);
  return { ...task.described, status: task.state.status, resultType: 'task' };
}

// Performs one row of the fault table with the package, in any host: Node, a page, a Worker. It needs `fetch` only.

const eventTypes = [
  'sessionCreated',
  'sessionReused',
  'sessionError',
  'recoveryStarted',
  'recoverySucceeded',
  'recoveryFailed',
  'retryScheduled',
  'sessionExpired',
  'sessionTerminated',
  'stateChanged',
  'requestSent',
  'requestSettled',
  'streamOpened',
  'streamClosed',
  'toolsChanged',
  'breakerOpened',
  'breakerClosed',
  'outageStarted',
  'outageEnded',
];

/** A value that no log line, event or error may contain: it is sent with every request. */
export const secret = 'k-7f1c2e94-never-shown';

/** Default settings of a row: short delays, so that the whole table runs quickly. */
const quick = { timeout: 30_000, initTimeout: 20_000, sessionConfig: { retryDelay: 40 } };

/**
 * Performs the steps and reports the caller's view. The server's own counts are read by the test that started it.
 * @param {{ McpManager: Function, McpError: Function }} mcp
 * @param {object} row see rows.mjs; only JSON values are used
 * @param {string} origin of the fault server
 */
export async function drive({ McpManager, McpError }, row, origin) {
  const place = `/${row.fault}/${row.place ?? 'row'}`;
  const url =
    row.url ?? String(Object.assign(new URL(place, origin), { search: new URLSearchParams(row.settings ?? {}) }));
  const report = { outcomes: [], events: [], log: [], notifications: [], challenges: [], secondsTaken: 0 };
  const started = performance.now();
  // The rows count requests; discovery is tested with servers of its own (modern.test.mjs).
  const server = {
    protocolVersion: 'legacy',
    ...(row.defaults ? {} : quick),
    url,
    ...row.server,
    headers: { 'X-Api-Key': secret, ...row.server?.headers },
  };
  if (row.server && 'url' in row.server && row.server.url === null) delete server.url;
  const config = { mcpServers: { fault: server } };

  async function outcomeOf(action) {
    const from = performance.now();
    const outcome = await action().then(resultOf, (error) => failureOf(error, McpError));
    return { ...outcome, ms: Math.round(performance.now() - from) };
  }

  let manager;
  try {
    manager = new McpManager(config, {
      env: {},
      debug: true,
      log: (level, line) => report.log.push(`${level} ${line}`),
      ...row.options,
    });
  } catch (error) {
    report.outcomes.push({ ...failureOf(error, McpError), ms: 0 });
    return report;
  }
  for (const type of eventTypes) {
    manager.events.addEventListener(type, ({ detail }) => report.events.push({ type, ...detail }));
  }

  const connectOptions = { ...row.connectOptions, auth: row.tokens && provider([...row.tokens], report) };
  let session;
  let calls = 0;
  const running = [];
  const control = (name) => fetch(`${origin}/control/${name}?path=${encodeURIComponent(place)}`, { method: 'POST' });
  const counts = async () => (await fetch(`${origin}/control/counts?path=${encodeURIComponent(place)}`)).json();

  async function connect(user = 'alice') {
    const made = await manager.connect(user, 'fault', connectOptions);
    made.onnotification = (notification) => report.notifications.push(notification);
    return made;
  }

  function call({ tool, key = `c${++calls}`, abortAfter, ...options }) {
    const controller = abortAfter === undefined ? undefined : new AbortController();
    if (controller) setTimeout(() => controller.abort(), abortAfter);
    return outcomeOf(() =>
      session.callTool({ name: tool, arguments: { key } }, { ...options, signal: controller?.signal }),
    );
  }

  const steps = {
    call: async (step) => report.outcomes.push(await call(step)),
    together: async ({ times, ...step }) =>
      report.outcomes.push(...(await Promise.all(Array.from({ length: times }, () => call(step))))),
    start: (step) => void running.push(call(step)),
    settle: async () => report.outcomes.push(...(await Promise.all(running.splice(0)))),
    request: async ({ request }) => report.outcomes.push(await outcomeOf(() => session.request(request))),
    connect: async ({ user, times = 1 }) => {
      report.outcomes.push(
        ...(await Promise.all(
          Array.from({ length: times }, () =>
            outcomeOf(async () => {
              session = await connect(user);
            }),
          ),
        )),
      );
    },
    forget: () => control('forget'),
    endStreams: () => control('end-streams'),
    turn: () => control('switch'),
    terminate: async () => report.outcomes.push(await outcomeOf(() => session.terminate())),
    close: async ({ terminate }) => report.outcomes.push(await outcomeOf(() => manager.close({ terminate }))),
    watch: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms)),
    until: ({ count, atLeast, within = 60_000 }) =>
      untilCount(async () => pick(await counts(), count) ?? 0, atLeast, within, count),
  };

  try {
    if (row.steps[0]?.do !== 'connect') session = await connect();
    for (const { do: name, ...step } of row.steps) await steps[name](step);
  } catch (error) {
    report.outcomes.push({ ...failureOf(error, McpError), ms: Math.round(performance.now() - started) });
  }
  const info = manager.getSessionInfo('alice', 'fault');
  report.final = {
    state: info?.state,
    kind: info?.kind,
    generation: info?.generation,
    recoveries: info?.recoveries,
    stats: manager.getSessionStats(),
    metrics: manager.getMetrics(),
  };
  // Messages to the server outside of calls, such as cancellations, are still on their way when the caller gets its
  // error.
  await Promise.race([manager.idle(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  await manager.close();
  report.secondsTaken = (performance.now() - started) / 1_000;
  return report;
}

function resultOf(result) {
  const text = result?.content?.[0]?.text;
  return {
    ok: true,
    text: text?.slice(0, 200),
    bytes: text?.length,
    isError: result?.isError,
    keys: result && Object.keys(result),
  };
}

function failureOf(error, McpError) {
  const { name, message, code, evidence, status, rpcCode, retryAfterMs, retryable, serverName } = error ?? {};
  return {
    ok: false,
    isMcpError: error instanceof McpError,
    name,
    message,
    code,
    evidence,
    status,
    rpcCode,
    retryAfterMs,
    retryable,
    serverName,
  };
}

/** An auth provider that returns these tokens in turn, and records the challenges. */
function provider(tokens, report) {
  return {
    async token({ challenge }) {
      report.challenges.push(challenge ?? null);
      return tokens.length > 1 ? tokens.shift() : tokens[0];
    },
  };
}

async function untilCount(read, atLeast, within, what) {
  const deadline = performance.now() + within;
  for (;;) {
    const value = await read();
    if ((Array.isArray(value) ? value.length : value) >= atLeast) return;
    if (performance.now() > deadline)
      throw new Error(`the server's ${what} is ${JSON.stringify(value)} after ${within} ms, not ${atLeast}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The value at a path such as `http.GET`. */
export function pick(counts, path) {
  return path.split('.').reduce((value, key) => value?.[key], counts);
}

// Twenty users with ten calls each in flight, in Node or in a page: every second call runs a tool that must not run
// twice.

/**
 * @param {{ McpManager: Function, McpError: Function }} mcp
 * @param {{ urls: string[], users: number, callsEach: number, unsafe: object, safe: object, timeout: number }} plan
 * the tool calls; a user's server is `urls[user % urls.length]`
 */
export function startUsers({ McpManager, McpError }, { urls, users, callsEach, unsafe, safe, timeout }) {
  const mcpServers = Object.fromEntries(
    urls.map((url, index) => [
      `server${index}`,
      { url, timeout, headers: { 'X-User': '{{USER_ID}}' }, sessionConfig: { retryAttempts: 8, retryDelay: 200 } },
    ]),
  );
  const log = [];
  const manager = new McpManager({ mcpServers }, { env: {}, log: (level, line) => log.push(`${level} ${line}`) });
  const connect = (user) => manager.connect(`user${user}`, `server${user % urls.length}`);

  async function call(session, user, number) {
    const isUnsafe = number % 2 === 0;
    const key = `${user}/${number}`;
    const from = performance.now();
    const tool = isUnsafe ? unsafe : safe;
    // Some are done before the server is killed, some are not.
    const length = isUnsafe && { [unsafe.length.name]: unsafe.length.least + (number % 10) * unsafe.length.step };
    const params = { name: tool.name, arguments: { ...tool.arguments, ...length }, _meta: { key } };
    const outcome = await session.callTool(params).then(
      () => ({ ok: true }),
      (error) => ({
        ok: false,
        isMcpError: error instanceof McpError,
        code: error.code,
        message: error.message,
        evidence: error.evidence,
      }),
    );
    return { key, isUnsafe, ms: Math.round(performance.now() - from), ...outcome };
  }

  const sessions = Promise.all(Array.from({ length: users }, (_, user) => connect(user)));
  return {
    ready: sessions.then(() => undefined),
    /** All calls at once. */
    async calls(round) {
      const all = (await sessions).flatMap((session, user) =>
        Array.from({ length: callsEach }, (_, index) => call(session, user, round * 1_000 + index)),
      );
      return Promise.all(all);
    },
    /** One safe call of every user. */
    async look(round) {
      return Promise.all((await sessions).map((session, user) => call(session, user, round * 1_000 + 999)));
    },
    log,
    close: () => manager.close(),
  };
}

// Results of modern servers: errors with the new codes, results of other types, mirrored headers, cacheable lists.
import assert from 'node:assert/strict';

const error = (settings, expected, more = {}) => ({
  name: `an error ${settings.code} with status ${settings.status}${settings.id ? ' and no id' : ''} is delivered to the caller`,
  fault: 'error',
  settings,
  async run(use) {
    const session = await use.connect();
    const { ok, code, rpcCode, data } = await use.outcome(use.call(session));
    assert.deepEqual({ ok, code, rpcCode }, { ok: false, code: 'rpc_error', rpcCode: settings.code });
    if (expected) assert.deepEqual(data, expected);
    await session.listTools();
    assert.equal(session.generation, 1);
  },
  counts: { 'tools/call': 1, 'server/discover': 1 },
  ...more,
});

const cachedRow = (name, settings, run, counts) => ({
  name: `caching: ${name}`,
  fault: 'cached',
  settings,
  run,
  counts,
});
const described = async (listing) => (await listing).tools[0].description;

export const resultRows = [
  {
    name: 'every request carries the required fields and headers, and no forbidden ones',
    fault: 'healthy',
    options: {
      clientInfo: { name: 'custom-client', version: '9' },
      capabilities: { sampling: {}, elicitation: { form: {} } },
    },
    async run(use) {
      const session = await use.connect();
      await session.listTools();
      await session.callTool({ name: 'safe', arguments: { key: 'meta' }, _meta: { traceparent: '00-1-1-00' } });
      await session.listResources();
      await session.listResourceTemplates();
      await session.readResource({ uri: 'test://a thing/ünï?x=1' });
      await session.listPrompts();
      await session.getPrompt({ name: 'grüße' });
      await session.complete({ ref: { type: 'ref/prompt', name: 'greeting' }, argument: { name: 'n', value: 'v' } });
      for (const { method, params, headers } of use.counts.requests) {
        const meta = params._meta;
        assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28', method);
        assert.deepEqual(meta['io.modelcontextprotocol/clientInfo'], { name: 'custom-client', version: '9' }, method);
        const { sampling, elicitation } = meta['io.modelcontextprotocol/clientCapabilities'];
        assert.deepEqual({ sampling, elicitation }, { sampling: {}, elicitation: { form: {} } }, method);
        assert.equal(headers['mcp-protocol-version'], '2026-07-28', method);
      }
      assert.equal(
        use.requests('tools/call')[0].params._meta.traceparent,
        '00-1-1-00',
        'the caller’s own _meta is kept',
      );
    },
    counts: { requests: 9 },
  },
  {
    name: 'arguments are mirrored into headers according to the schema',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      await session.listTools();
      const regions = [
        'eu',
        'us west',
        ' padded',
        'tab\t',
        'two\r\nlines',
        'Grüße 🔑',
        '',
        '=?base64?eA==?=',
        '=?BASE64?eA==?=',
      ];
      for (const region of regions) await session.callTool({ name: 'routed', arguments: { region, size: 42 } });
      await session.callTool({ name: 'routed', arguments: { region: null, size: -9007199254740991 } });
      await session.callTool({ name: 'routed', arguments: {} });
      const sent = use.requests('tools/call').map(({ headers }) => headers['mcp-param-region']);
      assert.deepEqual(sent.slice(0, 2), ['eu', 'us west']);
      assert.match(sent[7], /^=\?base64\?/, 'a value in the form of a wrapped one is wrapped');
      assert.deepEqual(sent.slice(-2), [undefined, undefined]);
      assert.ok(
        sent.slice(0, -2).every((value) => value !== undefined),
        'even the empty string has a header',
      );
    },
    counts: { 'tools/call': 11 },
  },
  {
    name: 'a call before any list reaches its tool',
    fault: 'healthy',
    legacy: true,
    async run(use) {
      const session = await use.connect();
      // Without the schema the headers are missing: −32020 causes a list, and the call is sent again.
      await session.callTool({ name: 'routed', arguments: { region: 'eu', size: 1 } });
    },
    counts: { 'tools/list': 1, 'tools/call': [1, 2], executed: 1 },
  },
  {
    name: '−32020: the tools are listed again, and the call is retried once',
    fault: 'mismatch-until-listed',
    async run(use) {
      const session = await use.connect();
      await session.listTools();
      await use.call(session);
    },
    counts: { 'tools/list': 2, 'tools/call': 2, executed: 1 },
  },
  {
    name: 'a second −32020 is delivered to the caller',
    fault: 'mismatch-always',
    async run(use) {
      const session = await use.connect();
      const { code, rpcCode } = await use.outcome(use.call(session));
      assert.deepEqual({ code, rpcCode }, { code: 'rpc_error', rpcCode: -32020 });
    },
    counts: { 'tools/list': [1, 2], 'tools/call': 2, executed: 0 },
  },
  {
    name: 'tools whose headers break the rules are not listed',
    fault: 'invalid-tools',
    async run(use) {
      const session = await use.connect();
      const { tools } = await session.listTools();
      assert.deepEqual(
        tools.map(({ name }) => name),
        ['safe', 'set', 'unsafe'],
      );
      assert.ok(
        use.log.some((line) => line.startsWith('warn') && line.includes('twice-in-other-case')),
        'and the log names them',
      );
    },
    counts: { 'tools/list': 1 },
  },
  {
    name: 'a result of an unknown type is invalid: the outcome of an unsafe call is unknown',
    fault: 'result-type-unknown',
    async run(use) {
      const session = await use.connect();
      assert.match((await use.outcome(use.call(session))).code, /^(protocol_error|outcome_unknown)$/);
    },
    counts: { 'tools/call': 1, executed: 1 },
  },
  {
    name: 'a result without a type is complete',
    fault: 'result-type-absent',
    async run(use) {
      const session = await use.connect();
      assert.match((await use.call(session)).content[0].text, /^unsafe/);
    },
    counts: { 'tools/call': 1, executed: 1 },
  },
  {
    name: 'input_required from a method that may not return it is invalid',
    fault: 'input-required-on-list',
    async run(use) {
      const session = await use.connect();
      assert.equal((await use.outcome(session.listResources())).code, 'protocol_error');
    },
    counts: { 'resources/list': 1 },
  },
  error({ code: -32602, status: 200 }),
  error({ code: -32602, status: 400 }),
  error({ code: -32601, status: 404 }),
  error({ code: -32601, status: 404, id: 'null' }),
  error({ code: -32021, status: 400 }, { requiredCapabilities: { sampling: {} } }),
  error({ code: -32002, status: 200 }),
  error({ code: -32603, status: 500 }, undefined, { counts: { 'tools/call': 1, 'server/discover': 1 } }),
  {
    name: 'a method that the server does not have is −32601, and the server stays modern',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      const { code, rpcCode } = await use.outcome(session.request({ method: 'vendor/x' }));
      assert.deepEqual({ code, rpcCode }, { code: 'rpc_error', rpcCode: -32601 });
      await use.call(session);
      assert.equal(session.kind, 'modern');
    },
    counts: { executed: 1, requests: 3 },
  },
  {
    name: 'answers that resemble a lost session: no handshake, and nothing runs twice',
    fault: 'no-session',
    async run(use) {
      const session = await use.connect();
      await use.outcome(use.call(session));
      await use.call(session);
      assert.equal(session.kind, 'modern');
    },
    counts: { executed: [1, 2], 'tools/call': [2, 3], requests: [3, 5] },
  },
  {
    name: '429 with Retry-After is waited out',
    fault: 'busy',
    async run(use) {
      const session = await use.connect();
      const started = performance.now();
      await use.call(session);
      assert.ok(performance.now() - started >= 950);
    },
    counts: { executed: 1, 'tools/call': 2 },
  },
  {
    name: '503 without a body: an unsafe call has an unknown outcome',
    fault: 'unavailable',
    async run(use) {
      const session = await use.connect();
      assert.equal((await use.outcome(use.call(session))).code, 'outcome_unknown');
    },
    counts: { executed: 1, 'tools/call': 1 },
  },
  {
    name: '503 without a body: a safe call is retried once with a new id',
    fault: 'unavailable',
    async run(use) {
      const session = await use.connect();
      await session.callTool({ name: 'safe', arguments: { key: 'safe' } });
    },
    counts: { executed: 2, 'tools/call': 2 },
  },
  {
    name: 'a 401 to a call asks for a token, and the call is retried',
    fault: 'unauthorized-call',
    async run(use) {
      let asked = 0;
      const token = async () => {
        asked += 1;
        return asked > 1 ? 'good' : 'stale';
      };
      const session = await use.connect('ann', { auth: { token } });
      await use.call(session);
      assert.equal(asked, 2);
    },
    counts: { executed: 1, 'tools/call': 2 },
  },
  {
    name: 'the log level goes with every request, and nothing is sent to set it',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      await session.setLoggingLevel('warning');
      await use.call(session);
      assert.equal(use.requests('tools/call')[0].params._meta['io.modelcontextprotocol/logLevel'], 'warning');
    },
    counts: { executed: 1, requests: 2, 'logging/setLevel': 0 },
  },
  {
    name: 'a session of 2026-07-28 is alive until it is closed: ping() sends no ping',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      await use.outcome(session.ping());
    },
    counts: { ping: 0 },
  },
  cachedRow(
    'a fresh list is not fetched again',
    { ttl: 60_000 },
    async (use) => {
      const session = await use.connect();
      assert.equal(await described(session.listTools()), 'list 1');
      assert.equal(await described(session.listTools()), 'list 1');
      assert.equal(
        await described(session.listTools({ cursor: 'p2' })),
        'list 2 after p2',
        'a page is a list of its own',
      );
      assert.equal(await described(session.listTools({ cursor: 'p2' })), 'list 2 after p2');
    },
    { 'tools/list': 2 },
  ),
  cachedRow(
    'a caller’s changes to its list do not affect the cache',
    { ttl: 60_000 },
    async (use) => {
      const session = await use.connect();
      const list = await session.listTools();
      list.tools[0].description = 'spoilt';
      list.tools.pop();
      assert.equal(await described(session.listTools()), 'list 1');
    },
    { 'tools/list': 1 },
  ),
  ...[{ ttl: 0 }, {}, { ttl: -1 }].map((settings) =>
    cachedRow(
      `${JSON.stringify(settings)} is stale at once`,
      settings,
      async (use) => {
        const session = await use.connect();
        await session.listTools();
        assert.equal(await described(session.listTools()), 'list 2');
      },
      { 'tools/list': 2 },
    ),
  ),
  cachedRow(
    'a list is stale after its time',
    { ttl: 300 },
    async (use) => {
      const session = await use.connect();
      await session.listTools();
      await use.watch(350);
      assert.equal(await described(session.listTools()), 'list 2');
    },
    { 'tools/list': 2 },
  ),
  cachedRow(
    'a private result is not shown to another user',
    { ttl: 60_000, scope: 'private' },
    async (use) => {
      const [ann, bob] = [await use.connect('ann'), await use.connect('bob')];
      assert.equal(await described(ann.listTools()), 'list 1');
      assert.equal(await described(bob.listTools()), 'list 2');
    },
    { 'tools/list': 2 },
  ),
  cachedRow(
    'a list of an unknown scope is private',
    { ttl: 60_000, scope: '' },
    async (use) => {
      const [ann, bob] = [await use.connect('ann'), await use.connect('bob')];
      await ann.listTools();
      await bob.listTools();
    },
    { 'tools/list': 2 },
  ),
  cachedRow(
    'resources by their URI',
    { ttl: 60_000 },
    async (use) => {
      const session = await use.connect();
      const read = async (uri) => (await session.readResource({ uri })).contents[0].text;
      assert.deepEqual(
        [await read('test://a'), await read('test://b'), await read('test://a')],
        ['read 1', 'read 2', 'read 1'],
      );
    },
    { 'resources/read': 2 },
  ),
];

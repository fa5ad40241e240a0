// Discovery: which revision a server speaks, found with one extra request at most, and found again when it changes.
import assert from 'node:assert/strict';

const isModern = ({ kind, protocolVersion, sessionId }) => {
  assert.deepEqual(
    { kind, protocolVersion, sessionId },
    { kind: 'modern', protocolVersion: '2026-07-28', sessionId: undefined },
  );
};
const isStateful = (session) => {
  assert.equal(session.kind, 'stateful');
  assert.equal(session.protocolVersion, '2025-11-25');
  assert.ok(session.sessionId);
};

/** A legacy server with some answer to discovery: a session and a call of it. */
const behind = (name, fault, settings = {}, more = {}) => ({
  name: `a legacy server whose answer to discovery is ${name}`,
  fault,
  settings,
  legacy: true,
  async run(use) {
    const session = await use.connect();
    isStateful(session);
    await use.call(session);
    isStateful(await use.connect('bob'));
  },
  counts: { initialize: 2, executed: 1, 'tools/call': 1, 'server/discover': 1 },
  ...more,
});

/** Answers that give no verdict; the next user may repeat discovery. */
const noVerdict = { counts: { initialize: 2, executed: 1, 'server/discover': [1, 2] } };
const statuses = [400, 404, 405, 406, 415, 422, 500, 501, 503];
const bodies = ['rpc', 'text', 'html', 'empty'];
const plainAnswers = statuses.flatMap((status) =>
  bodies.map((body) =>
    behind(`${status} with ${body}`, 'discovery-status', { status, body }, status >= 500 ? noVerdict : {}),
  ),
);
const rpcAnswers = [-32000, -32001, -32600, -32601, -32602].map((code) =>
  behind(`400 with ${code}`, 'discovery-status', {
    status: 400,
    code,
    text: 'Bad Request: Unsupported protocol version: 2026-07-28',
  }),
);

const results = {
  'an empty result': {},
  'a list of tools': { tools: [] },
  'versions that are not a list': { supportedVersions: '2026-07-28', capabilities: {} },
  'no capabilities': { supportedVersions: ['2026-07-28'] },
  'older versions only': { supportedVersions: ['2025-11-25'], capabilities: {} },
  'what initialize gives': { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } },
};
const resultAnswers = Object.entries(results).map(([name, result]) =>
  behind(`200 with ${name}`, 'discovery-result', { result: JSON.stringify(result) }),
);

export const eraRows = [
  {
    name: 'a modern server is discovered with one request, and needs no other to connect',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      isModern(session);
      assert.equal(use.counts.requests[0].method, 'server/discover');
      assert.deepEqual(session.getServerCapabilities().tools, { listChanged: true });
      assert.equal(session.getInstructions(), 'A modern server with faults.');
      assert.equal(session.getServerVersion().name, 'modern-fault-server');
      await use.call(session);
      const [info] = use.manager.getAllActiveSessions();
      assert.equal(info.kind, 'modern');
      assert.deepEqual(use.manager.getSessionStats(), { totalUsers: 1, totalSessions: 1, activeSessions: 1 });
    },
    counts: { executed: 1, requests: 2 },
  },
  {
    name: 'concurrent connects of one user send one discovery',
    fault: 'healthy',
    run: (use) => Promise.all(Array.from({ length: 10 }, () => use.connect())),
    counts: { requests: 1 },
  },
  {
    name: 'the second user of a modern server costs one request at most',
    fault: 'healthy',
    async run(use) {
      await use.connect();
      isModern(await use.connect('bob'));
    },
    counts: { requests: [1, 2] },
  },
  {
    name: 'terminate() of a modern session sends nothing',
    fault: 'healthy',
    async run(use) {
      const session = await use.connect();
      await session.terminate();
      await assert.rejects(session.listTools(), { code: 'closed' });
    },
    counts: { requests: 1 },
  },
  {
    name: 'a first request that is refused with a supported version is retried once',
    fault: 'refuse-first',
    async run(use) {
      const session = await use.connect();
      isModern(session);
      await use.call(session);
    },
    counts: { executed: 1, 'server/discover': 2, requests: 3 },
  },
  {
    name: 'a server that refuses every version does not cause a loop',
    fault: 'refuse-always',
    async run(use) {
      const { ok, code } = await use.outcome(use.connect());
      assert.deepEqual({ ok, code }, { ok: false, code: 'unsupported_version' });
    },
    counts: { requests: [2, 4], 'server/discover': [2, 3] },
  },
  {
    name: 'a server of later revisions only is not supported, and the error names its versions',
    fault: 'refuse-future',
    legacy: true,
    async run(use) {
      const { ok, code } = await use.outcome(use.connect());
      assert.deepEqual({ ok, code }, { ok: false, code: 'unsupported_version' });
    },
    counts: { requests: [1, 3] },
  },
  behind('−32022 that lists older versions', 'refuse-legacy'),
  behind('−32022 with meaningless data', 'refuse-garbage'),
  behind('−32022 without data', 'refuse-bare'),
  ...plainAnswers,
  ...rpcAnswers,
  ...resultAnswers,
  behind('a reset connection', 'discovery-reset', { connection: 'close' }, noVerdict),
  behind('nothing at all', 'discovery-hang', {}, { server: { initTimeout: 4_000 }, ...noVerdict }),
  ...['legacy', 'modern'].map((era) => ({
    name: `a ${era} server behind a 401 is discovered with a token`,
    fault: 'discovery-unauthorized',
    settings: { era },
    legacy: era === 'legacy',
    async run(use) {
      const challenges = [];
      const auth = {
        token: async ({ challenge }) => challenges.push(challenge) && (challenges.length > 1 ? 'good' : 'stale'),
      };
      const session = await use.connect('ann', { auth });
      (era === 'legacy' ? isStateful : isModern)(session);
      await use.call(session);
    },
    counts: { executed: 1, requests: [3, 6] },
  })),
  {
    name: 'a 401 without a provider is delivered to the caller, and gives no verdict',
    fault: 'discovery-unauthorized',
    settings: { era: 'modern' },
    legacy: true,
    async run(use) {
      assert.equal((await use.outcome(use.connect())).code, 'unauthorized');
    },
    counts: { executed: 0, requests: [1, 2] },
  },
  {
    name: 'a lost legacy session is not discovered again',
    fault: 'upgrade',
    legacy: true,
    async run(use) {
      const session = await use.connect();
      use.server.forget(use.path);
      await use.call(session);
      isStateful(session);
      assert.equal(session.generation, 2);
    },
    counts: { initialize: 2, executed: 1, 'server/discover': 1 },
  },
  {
    name: 'a legacy server that becomes modern: its sessions fall forward, and no call runs twice or is lost',
    fault: 'upgrade',
    legacy: true,
    async run(use) {
      const session = await use.connect();
      isStateful(session);
      await use.call(session);
      use.switch();
      await use.call(session);
      isModern(session);
      await Promise.all([use.call(session), use.call(session)]);
      isModern(await use.connect('bob'));
    },
    counts: { initialize: 1, executed: 4 },
  },
  {
    name: 'many calls at the moment of an upgrade: each runs once',
    fault: 'upgrade',
    legacy: true,
    async run(use) {
      const session = await use.connect();
      use.switch();
      await Promise.all(Array.from({ length: 20 }, () => use.call(session)));
      isModern(session);
    },
    counts: { initialize: 1, executed: 20, 'server/discover': [1, 3] },
  },
  {
    name: 'a modern server that becomes a legacy one: it is discovered again',
    fault: 'downgrade',
    legacy: true,
    async run(use) {
      const session = await use.connect();
      isModern(session);
      await use.call(session);
      use.switch();
      await use.outcome(use.call(session));
      const again = await use.connect();
      await use.call(again);
      isStateful(again);
    },
    counts: { initialize: 1, executed: [2, 3] },
  },
  ...['legacy', '2025-11-25'].map((protocolVersion) => ({
    name: `protocolVersion ${protocolVersion} sends no discovery`,
    fault: 'upgrade',
    legacy: true,
    server: { protocolVersion },
    async run(use) {
      isStateful(await use.connect());
    },
    counts: { initialize: 1, 'server/discover': 0 },
  })),
  {
    name: 'protocolVersion 2026-07-28 never falls back',
    fault: 'upgrade',
    legacy: true,
    server: { protocolVersion: '2026-07-28' },
    async run(use) {
      const { ok, isMcpError } = await use.outcome(use.connect());
      assert.deepEqual({ ok, isMcpError }, { ok: false, isMcpError: true });
    },
    counts: { initialize: 0, requests: [1, 5] },
  },
];

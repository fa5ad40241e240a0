// Requests that need input from the client first (2026-07-28 basic/patterns/mrtr).
import assert from 'node:assert/strict';
import { states } from '../../servers/modern-faults/rounds.mjs';

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const sample = { role: 'assistant', content: { type: 'text', text: 'Aha.' }, model: 'test' };
const options = { capabilities };

/** A session whose user is called Ann, and accepts everything. */
async function obliging(use) {
  const session = await use.connect();
  session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ann' } }));
  session.setRequestHandler('sampling/createMessage', () => sample);
  session.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///here' }] }));
  return session;
}

const answer = { action: 'accept', content: { name: 'Ann' } };

const echoed = (name) => ({
  name: `a state is returned byte for byte: ${name}`,
  fault: 'rounds',
  settings: { state: name },
  options,
  async run(use) {
    await use.call(await obliging(use));
    const [round] = use.counts.rounds;
    assert.equal(round.requestState, states[name] + (name === 'plain' ? '/0' : ''));
  },
  counts: { 'tools/call': 2, executed: 1 },
});

/** A call whose input requests cannot be fulfilled ends at once. */
const abandoned = (name, fault, prepare, more = {}) => ({
  name,
  fault,
  options,
  async run(use) {
    const session = await use.connect();
    prepare(session);
    const { ok, isMcpError } = await use.outcome(use.call(session));
    assert.deepEqual({ ok, isMcpError }, { ok: false, isMcpError: true });
  },
  counts: { 'tools/call': 1, executed: 0 },
  ...more,
});

export const roundRows = [
  {
    name: 'three rounds: each with a new id, the same params, its own answers and its own state',
    fault: 'rounds',
    settings: { n: 3 },
    options,
    async run(use) {
      const session = await obliging(use);
      const result = await session.callTool({
        name: 'unsafe',
        arguments: { key: 'c-rounds', nested: { a: [1, null, 'ü'] } },
        _meta: { trace: 't' },
      });
      assert.match(result.content[0].text, /c-rounds: 1/);
      const rounds = use.counts.rounds;
      assert.deepEqual(
        rounds.map(({ inputResponses }) => inputResponses),
        [{ q1: answer }, { q2: answer }, { q3: answer }],
      );
      assert.deepEqual(
        rounds.map(({ requestState }) => requestState),
        ['state-1/0', 'state-1/1', 'state-1/2'],
      );
      for (const round of rounds) assert.deepEqual(round.arguments, { key: 'c-rounds', nested: { a: [1, null, 'ü'] } });
    },
    counts: { 'tools/call': 4, executed: 1 },
  },
  ...Object.keys(states).map(echoed),
  {
    name: 'without a state, none is sent',
    fault: 'rounds',
    settings: { state: 'none' },
    options,
    async run(use) {
      await use.call(await obliging(use));
      assert.equal(use.counts.rounds[0].requestState, undefined);
    },
    counts: { 'tools/call': 2, executed: 1 },
  },
  {
    name: 'only a state: the same request again, without answers',
    fault: 'state-only',
    settings: { n: 2 },
    async run(use) {
      await use.call(await use.connect());
      assert.deepEqual(
        use.counts.rounds.map(({ inputResponses }) => inputResponses),
        [undefined, undefined],
      );
    },
    counts: { 'tools/call': 3, executed: 1 },
  },
  {
    name: 'several inputs at once are answered by their keys, in one retry',
    fault: 'several-inputs',
    options,
    async run(use) {
      await use.call(await obliging(use));
      assert.deepEqual(use.counts.rounds[0].inputResponses, {
        form: answer,
        sampling: sample,
        roots: { roots: [{ uri: 'file:///here' }] },
      });
    },
    counts: { 'tools/call': 2, executed: 1 },
  },
  {
    name: 'a URL is visited by the same handler',
    fault: 'url-input',
    options,
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', ({ params }) => ({
        action: params.mode === 'url' ? 'accept' : 'decline',
      }));
      await use.call(session);
      assert.deepEqual(use.counts.rounds[0].inputResponses, { url: { action: 'accept' } });
    },
    counts: { 'tools/call': 2, executed: 1 },
  },
  {
    name: 'a form’s defaults are filled in',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
      await use.call(session);
      assert.deepEqual(use.counts.rounds[0].inputResponses, { q1: { action: 'accept', content: { name: 'unnamed' } } });
    },
    counts: { executed: 1 },
  },
  {
    name: 'a declined form is an answer',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', () => ({ action: 'decline' }));
      await use.call(session);
      assert.deepEqual(use.counts.rounds[0].inputResponses, { q1: { action: 'decline' } });
    },
    counts: { 'tools/call': 2 },
  },
  {
    name: 'a handler declares its capability with the next request',
    fault: 'rounds',
    async run(use) {
      await use.call(await obliging(use));
      const { elicitation, sampling, roots } =
        use.requests('tools/call')[0].params._meta['io.modelcontextprotocol/clientCapabilities'];
      assert.ok(elicitation && sampling && roots);
    },
    counts: { executed: 1 },
  },
  {
    name: 'prompts and resources may require input too',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await obliging(use);
      await session.getPrompt({ name: 'greeting', arguments: { key: 'p' } });
      assert.deepEqual((await session.readResource({ uri: 'test://asks' })).contents, []);
      // The result of a retry must not be cached, whatever its fields.
      await session.readResource({ uri: 'test://asks' });
    },
    counts: { 'prompts/get': 2, 'resources/read': 4 },
  },
  {
    name: 'other calls continue while one waits for its user, and carry none of its data',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', async () => {
        await session.listTools();
        return { action: 'accept', content: { name: 'Ann' } };
      });
      await use.call(session);
      assert.ok(
        use.requests('tools/list').every(({ params }) => !('requestState' in params) && !('inputResponses' in params)),
      );
    },
    counts: { executed: 1, 'tools/list': 1 },
  },
  {
    name: 'two calls at once keep their rounds apart',
    fault: 'rounds',
    settings: { n: 2 },
    options,
    async run(use) {
      const session = await obliging(use);
      await Promise.all([use.call(session), use.call(session)]);
    },
    counts: { executed: 2, 'tools/call': 6 },
  },
  {
    name: 'a slow user does not make the call time out',
    fault: 'rounds',
    options,
    server: { timeout: 1_500 },
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', async () => {
        await use.watch(3_000);
        return { action: 'accept', content: {} };
      });
      await use.call(session);
    },
    counts: { executed: 1 },
  },
  {
    name: 'a call that is cancelled during a form is not sent again, and its handler is aborted',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await use.connect();
      const controller = new AbortController();
      let signal;
      session.setRequestHandler('elicitation/create', async (_request, extra) => {
        signal = extra.signal;
        controller.abort();
        await use.watch(100);
        return { action: 'accept', content: {} };
      });
      assert.equal((await use.outcome(use.call(session, 'unsafe', { signal: controller.signal }))).code, 'cancelled');
      await use.watch(300);
      assert.equal(signal.aborted, true);
    },
    counts: { 'tools/call': 1, executed: 0 },
  },
  {
    name: 'a server that requires input without end is given up',
    fault: 'endless-rounds',
    options,
    async run(use) {
      const { ok, isMcpError } = await use.outcome(use.call(await obliging(use)));
      assert.deepEqual({ ok, isMcpError }, { ok: false, isMcpError: true });
    },
    counts: { 'tools/call': [5, 40], executed: 0 },
  },
  {
    name: 'a server that answers “again” without end gets requests at a bounded rate',
    fault: 'endless-states',
    async run(use) {
      const { ok, isMcpError } = await use.outcome(use.call(await use.connect()));
      assert.deepEqual({ ok, isMcpError }, { ok: false, isMcpError: true });
    },
    counts: { 'tools/call': [3, 40], executed: 0 },
  },
  abandoned('input_required without input requests is an error', 'nothing-asked', () => {}),
  abandoned('an input request without a handler ends the call', 'several-inputs', (session) =>
    session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} })),
  ),
  abandoned('an unknown input request ends the call', 'unknown-input', () => {}),
  abandoned(
    'a handler that throws ends the call: the protocol has no field for its error',
    'several-inputs',
    (session) => {
      session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
      session.setRequestHandler('roots/list', () => ({ roots: [] }));
      session.setRequestHandler('sampling/createMessage', () => {
        throw new Error('no model there');
      });
    },
  ),
  {
    name: 'a handler of forms that throws cancels the form',
    fault: 'rounds',
    options,
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('elicitation/create', () => {
        throw new Error('no user there');
      });
      await use.call(session);
      assert.deepEqual(use.counts.rounds[0].inputResponses, { q1: { action: 'cancel' } });
    },
    counts: { 'tools/call': 2 },
  },
  {
    name: 'the last round breaks: an unsafe call has an unknown outcome',
    fault: 'rounds-cut',
    options,
    async run(use) {
      assert.equal((await use.outcome(use.call(await obliging(use)))).code, 'outcome_unknown');
    },
    counts: { executed: 1, 'tools/call': 2 },
  },
];

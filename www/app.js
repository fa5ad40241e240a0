// Wires the page: buttons to the manager, the manager's events to what is seen. Nothing here is staged.

import { briefName } from './backends/backend.js';
import { demoBackend } from './backends/demo.js';
import { simulatedBackend } from './backends/simulated.js';
import { Buttons } from './buttons.js';
import { argumentsFor, callMany, callOnce, isSafe, tellMany, tellOne } from './calls.js';
import { SideBySide } from './compare/side-by-side.js';
import { diagnosisStep } from './diagnosis.js';
import { explain, paragraph } from './errors.js';
import { faults } from './faults.js';
import { capital, clock, count } from './format.js';
import { nameOf } from './holders.js';
import { loadLibrary } from './library.js';
import { LogView } from './log-view.js';
import { Narrator } from './narrate.js';
import { Narration } from './narration.js';
import { Outcome } from './outcome.js';
import { ServerForm } from './server-form.js';
import { isOver, SessionView } from './session-view.js';
import { snippetFor } from './snippet.js';
import { eventKinds } from './timeline/timeline.js';
import { showTools } from './tool-list.js';
import { download, traceOf } from './trace.js';
import { weigh } from './weight.js';
import { World } from './world.js';

const byId = (id) => document.getElementById(id);
const faultButtons = faults.map(faultButton);
byId('faults').append(...faultButtons);
const ui = Object.fromEntries([...document.querySelectorAll('[id]')].map((element) => [element.id, element]));

const log = new LogView(ui.log);
const narration = new Narration(ui.narration);
const outcome = new Outcome(ui.result);
const buttons = new Buttons(ui);
const beside = new SideBySide(ui['compare-rows']);
const view = new SessionView({
  diagram: ui.diagram,
  meaning: ui['state-meaning'],
  title: ui['session-title'],
  facts: Object.fromEntries(
    ['state', 'id', 'kind', 'protocol', 'generation', 'recoveries', 'inflight', 'expires', 'server'].map((fact) => [
      fact,
      ui[`session-${fact}`],
    ]),
  ),
});

let library;
let world;
let narrator;
let latest = { fault: undefined, times: 1 }; // what the snippet repeats
const makers = {};
let form;

start().catch(showNotice);

async function start() {
  const [loaded, demo] = await Promise.all([loadLibrary(), demoBackend()]);
  library = loaded;
  ui.version.textContent = `mcp-tether ${library.version}`;
  ui.weight.textContent = weigh(library.readyMs);
  if (demo) makers.demo = async () => demo;
  makers.simulated = simulatedBackend;
  wire();
  form = new ServerForm(ui.where, { makers, choose: async (make) => use(await make()) });
  if (demo) await use(demo);
  else await use(await simulatedBackend().catch(withoutWorker));
}

/** From now on this backend's servers. */
async function use(backend) {
  if (!backend) return;
  const before = world;
  world = new World({ library, backend, timeline: ui.timeline, log: (level, line) => log.write(level, line) });
  narrator = new Narrator();
  watch(world);
  const { network } = world;
  network.addEventListener('change', () => ui.offline.toggleAttribute('data-gone', network.offline));
  await beside.close();
  await before?.close();
  ui.beside.checked = false;
  ui.compare.hidden = true;
  latest = { fault: undefined, times: 1 };
  ui.setting.textContent = backend.about;
  ui.timeline.nextTimer = nextTimer;
  ui.notice.hidden = true;
  form.show(backend.kind);
  refresh();
}

/** Everything that is seen of sessions comes through here. */
function watch(of) {
  for (const kind of eventKinds) {
    of.manager.events.addEventListener(kind, ({ detail }) => {
      const holder = of.holders.get(detail.userId, detail.serverName);
      const isShown = of === world && holder === world.holder;
      if (kind === 'stateChanged') {
        holder.cameFrom = detail.from;
        if (isShown) view.passed(detail.from, detail.to);
      }
      if (kind === 'toolsChanged' && holder.session) listTools(holder).catch((error) => outcome.error(error));
      const text = narrator.tell(kind, detail);
      if (text) {
        holder.story = text;
        if (isShown) narration.tell(text);
      }
      refreshSoon();
    });
  }
}

function wire() {
  const main = () => world.backend.servers[0].name;
  const on = (id, type, listener) => ui[id].addEventListener(type, listener);
  on('connect-a', 'click', () => connect('ada', main()));
  on('connect-b', 'click', () => connect('ben', main()));
  on('add-user', 'click', () => connect(world.holders.nextUser(), world.holder.serverName));
  on('add-server', 'click', addServer);
  on('call-one', 'click', callOne);
  on('call-many', 'click', () => load(50));
  on('call-thousand', 'click', () => load(1_000));
  on('terminate', 'click', terminate);
  on('diagnose', 'click', diagnose);
  on('message', 'keydown', (event) => {
    if (event.key === 'Enter' && !ui['call-one'].disabled) callOne();
  });
  on('tool', 'change', () => refresh());
  on('who', 'change', (event) => {
    world.holders.current = world.holders.find(event.target.value);
    refresh();
  });
  on('beside', 'change', () =>
    toggleBeside().catch((error) => {
      ui.beside.checked = false;
      ui.compare.hidden = true;
      outcome.error(error);
    }),
  );
  on('log-debug', 'change', (event) => log.showDebug(event.target.checked));
  on('log-copy', 'click', () => copy(ui['log-copy'], log.text, ui.log));
  on('snippet-copy', 'click', () => copy(ui['snippet-copy'], ui.snippet.textContent, ui.snippet));
  on('export', 'click', () => download('mcp-tether-trace.json', traceOf(world)));
  log.showDebug(ui['log-debug'].checked);
  for (const button of faultButtons) {
    const fault = faults.find(({ id }) => id === button.id);
    button.addEventListener('click', () => breakIt(fault));
    for (const type of ['pointerenter', 'focus'])
      button.addEventListener(type, () => {
        ui['why-break'].textContent = fault.tells;
      });
  }
}

// What the buttons do

/** Runs one action of a holder's; whatever goes wrong is shown. */
async function act(holder, doing, action) {
  holder.busy = doing;
  if (!buttons.broken) narrator.turn();
  refresh();
  try {
    await action();
  } catch (error) {
    outcome.error(error);
  } finally {
    holder.busy = undefined;
    refresh();
  }
}

async function connect(userId, serverName) {
  const holder = world.holders.get(userId, serverName);
  outcome.show('busy', 'Connecting…');
  await act(holder, 'connecting', async () => {
    world.holders.current = holder;
    holder.session = await world.manager.connect(userId, serverName);
    await listTools(holder);
    const server = holder.session.getServerVersion();
    outcome.show(
      'good',
      `${nameOf(userId)} is connected${server ? ` to ${server.name} ${server.version}` : ''}, which offers ${count(holder.tools.length, 'tool')}.`,
    );
  });
}

async function addServer() {
  const { holder, holders, backend } = world;
  const taken = holders.connected.filter(({ userId }) => userId === holder.userId).map(({ serverName }) => serverName);
  const next = backend.servers.find(({ name }) => name !== briefName && !taken.includes(name));
  if (next) await connect(holder.userId, next.name);
  else form.ask();
}

async function listTools(holder) {
  const tools = [];
  let cursor;
  do {
    const page = await holder.session.listTools(cursor ? { cursor } : undefined);
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor);
  holder.tools = tools;
  refresh();
}

function chosen() {
  const tool = world.holder.tools.find(({ name }) => name === ui.tool.value);
  return { tool, given: argumentsFor(tool, ui.message.value) };
}

async function callOne() {
  const { holder } = world;
  const { tool, given } = chosen();
  const waiting = outcome.show('busy', 'Waiting for the answer…');
  await act(holder, 'calling', async () => {
    const came = await callOnce(holder.session, tool, given, ({ progress, total }) =>
      outcome.replace(waiting, 'busy', waiting, paragraph(`Step ${progress}${total ? ` of ${total}` : ''}.`, true)),
    );
    met();
    outcome.show(came.ok ? 'good' : 'bad', ...tellOne(came));
  });
}

async function load(times) {
  const { holder } = world;
  const { tool } = chosen();
  latest = { ...latest, times };
  outcome.show('busy', `Waiting for ${times.toLocaleString('en')} answers…`);
  await act(holder, 'calling', async () => {
    const came = await callMany(holder.session, tool, times, ui.message.value);
    met();
    outcome.show(came.failures.length > 0 ? 'bad' : 'good', ...tellMany(came));
  });
}

async function breakIt(fault) {
  ui.result.dataset.busy = '';
  await meet(fault).finally(() => delete ui.result.dataset.busy);
}

async function meet(fault) {
  const waiting = outcome.show('busy', fault.tells);
  ui.timeline.note(fault.flag);
  latest = { fault, times: 1 };
  if (fault.id === 'expire') return expire(fault);
  if (ui.beside.checked) return compare(fault);
  await act(world.holder, 'meeting a fault', async () => {
    await world.break(fault);
    latest = { fault: { ...fault, requests: world.asked }, times: 1 };
    buttons.broken = true;
    outcome.replace(waiting, 'note', fault.tells);
  });
  if (ui['then-call'].checked && buttons.broken) await callOne();
}

/** Nobody does anything: the session of the server with the short idle limit is left alone until its time is over. */
async function expire(fault) {
  const { userId } = world.holder;
  const holder = world.holders.get(userId, briefName);
  await connect(userId, briefName);
  if (!holder.session || isOver(world.stateOf(holder))) return;
  const waiting = outcome.show('busy', fault.tells);
  await act(holder, 'leaving the session alone', () => expired(holder));
  outcome.replace(waiting, 'note', 'The session has expired, and the server was told. The next call opens a new one.');
  if (ui['then-call'].checked) await callOne();
}

function expired({ userId, serverName }) {
  const { events } = world.manager;
  return new Promise((resolve) => {
    events.addEventListener('sessionExpired', function heard({ detail }) {
      if (detail.userId !== userId || detail.serverName !== serverName) return;
      events.removeEventListener('sessionExpired', heard);
      resolve();
    });
  });
}

async function toggleBeside() {
  ui.compare.hidden = !ui.beside.checked;
  if (!ui.beside.checked) return beside.close();
  outcome.show('busy', 'Fetching the official client and connecting it…');
  await beside.open(world);
  ui['compare-version'].textContent = `@modelcontextprotocol/client ${beside.version}`;
  return outcome.show(
    'note',
    'The official client has a session of its own beside yours. Break something: both meet it, and both call twice.',
  );
}

async function compare(fault) {
  const { holder } = world;
  await act(holder, 'calling', async () => {
    const { mine, other } = await beside.run(fault, world, {
      ...chosen(),
      breakIt: (clients) => world.break(fault, clients),
    });
    latest = { fault: { ...fault, requests: world.asked }, times: 1 };
    met();
    ui['compare-empty'].hidden = true;
    const answered = (outcomes) => `${outcomes.filter(({ ok }) => ok).length} of ${outcomes.length}`;
    outcome.show(
      mine.every(({ ok }) => ok) ? 'good' : 'bad',
      `${fault.label}: here ${answered(mine)} calls were answered, the official client got ${answered(other)}.`,
    );
  });
}

async function terminate() {
  const { holder } = world;
  outcome.show('busy', 'Saying goodbye…');
  await act(holder, 'terminating', async () => {
    await holder.session.terminate();
    outcome.show('good', `${nameOf(holder.userId)} has said goodbye, and the server has dropped the session.`);
  });
}

/** What the server does at each step of a session, tried out apart from the sessions that are open. */
async function diagnose() {
  const { holder, manager } = world;
  outcome.show('busy', 'Trying the server out, step by step…');
  await act(holder, 'asking for a diagnosis', async () => {
    const { ok, steps } = await manager.diagnose(holder.serverName, holder.userId);
    outcome.show(ok ? 'good' : 'bad', ...steps.map(diagnosisStep));
  });
}

function met() {
  buttons.called = true;
  buttons.broken = false;
}

// What is seen

let refreshing = false;
/** Events come in bursts; numbers are read more slowly. */
function refreshSoon() {
  if (refreshing) return;
  refreshing = true;
  setTimeout(() => {
    refreshing = false;
    refresh();
  }, 60);
}

function refresh() {
  const { holder, holders, manager } = world;
  view.show(holder, world.info(holder), world.stateOf(holder));
  if (holder.story) narration.tell(holder.story);
  ui.stats.textContent = JSON.stringify(manager.getSessionStats(), null, 2);
  showHolders(holder, holders);
  showToolsOf(holder);
  buttons.show(world);
  showSnippet(holder);
}

function showHolders(holder, holders) {
  ui.who.hidden = holders.connected.length < 2;
  const labels = holders.connected.map((one) => `${one.key}\n${holders.labelOf(one)}`).join('\n');
  if (ui.who.labels !== labels) {
    ui.who.labels = labels;
    ui.who
      .querySelector('div')
      .replaceChildren(...holders.connected.map((one) => choice(one.key, holders.labelOf(one))));
  }
  for (const input of ui.who.querySelectorAll('input')) input.checked = input.value === holder.key;
}

function showToolsOf({ tools }) {
  if (ui['tool-list'].tools === tools) return;
  ui['tool-list'].tools = tools;
  showTools(ui['tool-list'], tools ?? []);
  ui['tool-count'].textContent = tools ? capital(count(tools.length, 'tool')) : '';
  ui['tool-empty'].hidden = Boolean(tools);
  const callable = (tools ?? []).filter((tool) => argumentsFor(tool, '') !== undefined);
  if (callable.length === 0) return;
  const before = ui.tool.value;
  ui.tool.replaceChildren(
    ...callable.map(
      (tool) =>
        new Option(
          `${tool.name} · ${tool.annotations?.readOnlyHint ? 'reads only' : isSafe(tool) ? 'safe to repeat' : 'must not run twice'}`,
          tool.name,
        ),
    ),
  );
  ui.tool.value = callable.some(({ name }) => name === before) ? before : callable[0].name;
}

function showSnippet(holder) {
  const tool = holder.tools?.find(({ name }) => name === ui.tool.value);
  const text = snippetFor({
    backend: world.backend,
    holder,
    ...latest,
    ...(tool && { tool: tool.name, given: argumentsFor(tool, ui.message.value) }),
  });
  if (ui.snippet.textContent !== text) ui.snippet.textContent = text;
}

/** What a session will do next by itself, for what is pointed at on the timeline. */
function nextTimer({ userId, serverName }) {
  const info = world.manager.getSessionInfo(userId, serverName);
  return info?.expiresAt && !isOver(info.state) ? `expires at ${clock(info.expiresAt)} if it is not used` : undefined;
}

// Small parts

function faultButton({ id, label, tells }) {
  const button = document.createElement('button');
  const about = document.createElement('span');
  Object.assign(button, { type: 'button', id, disabled: true });
  Object.assign(about, { id: `about-${id}`, className: 'unseen', textContent: tells });
  button.setAttribute('aria-describedby', about.id);
  button.append(label);
  byId('why-break').after(about);
  return button;
}

function choice(value, label) {
  const element = document.createElement('label');
  const input = document.createElement('input');
  const text = document.createElement('span');
  Object.assign(input, { type: 'radio', name: 'who', value });
  text.textContent = label;
  element.append(input, text);
  return element;
}

async function copy(button, text, shown) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(shown);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}

function withoutWorker(error) {
  showNotice(
    error,
    'Without it there are no simulated servers, but a real one will do: name it under “Use another server”, or run ',
    'make demo',
    ' in the project.',
  );
  ui.where.open = true;
}

function showNotice(error, ...advice) {
  console.info('mcp-tether demo:', error);
  const code = document.createElement('code');
  code.textContent = advice[1] ?? 'make demo';
  const known = error?.name === 'NotSetUp' || advice.length > 0;
  ui.notice.replaceChildren(
    ...(known
      ? [
          `${error.message} `,
          advice[0] ?? 'Run ',
          code,
          advice[2] ?? ' in the project and open the address that it prints.',
        ]
      : explain(error)),
  );
  ui.notice.hidden = false;
  ui['why-connect'].textContent = 'Nothing to connect to yet.';
}

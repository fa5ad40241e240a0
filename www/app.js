// Wires the page: buttons to the manager, the manager's events to what is seen. Nothing here is staged.

import './timeline.js';
import { Diagram } from './diagram.js';
import { explain, paragraph } from './errors.js';
import { capital, clock, count, duration } from './format.js';
import { LogView } from './log-view.js';
import { Narrator } from './narrate.js';
import { control, loadSetting } from './setting.js';
import { showTools } from './tool-list.js';
import { weigh } from './weight.js';

const users = { ada: 'Ada', ben: 'Ben' };
const burst = 20;

const byId = (id) => document.getElementById(id);
const ui = Object.fromEntries([
  'connect-a', 'connect-b', 'call-one', 'call-many', 'forget', 'restart', 'terminate', 'message', 'result', 'who', 'notice', 'narration',
  'session-title', 'session-state', 'session-id', 'session-kind', 'session-protocol', 'session-generation', 'session-recoveries', 'session-inflight',
  'session-server', 'session-expires', 'log', 'log-debug', 'log-copy', 'stats', 'tool-list', 'tool-count', 'tool-empty', 'timeline', 'weight', 'version',
  'why-connect', 'why-use', 'why-break', 'why-end',
].map((id) => [id, byId(id)]));

const log = new LogView(ui.log);
const diagram = new Diagram(byId('diagram'), byId('state-meaning'));
const narrator = new Narrator();

/** What the page remembers of each user; the session's own facts are asked of the manager each time. */
const people = Object.fromEntries(Object.keys(users).map((id) => [id, { session: undefined, cameFrom: undefined, tools: undefined, busy: undefined, story: undefined }]));
let manager;
let settings;
let who = 'ada';
let broken = false;          // a fault was asked for, and no call has met it yet
let called = false;

start().catch(showNotice);

async function start() {
  const loaded = await loadSetting();
  settings = loaded.settings;
  ui.version.textContent = `mcp-tether${loaded.version ? ` ${loaded.version}` : ''}`;
  manager = new loaded.McpManager(
    { mcpServers: { [settings.serverName]: { type: 'streamable-http', url: settings.mcpUrl } } },
    {
      debug: true,
      log: (level, line) => log.write(level, line),
      clientInfo: { name: 'mcp-tether-demo', title: 'mcp-tether demo page', version: loaded.version ?? '0' },
    },
  );
  watch();
  wire();
  ui.weight.textContent = weigh(loaded.readyMs);
  refresh();
}

/** Everything that is seen of sessions comes through here. */
function watch() {
  const kinds = [
    'sessionCreated', 'sessionReused', 'sessionError', 'recoveryStarted', 'recoverySucceeded', 'recoveryFailed', 'retryScheduled',
    'sessionExpired', 'sessionTerminated', 'stateChanged', 'requestSent', 'requestSettled', 'streamOpened', 'streamClosed', 'toolsChanged',
    'breakerOpened', 'breakerClosed',
  ];
  ui.timeline.watch(manager.events);
  for (const kind of kinds) {
    manager.events.addEventListener(kind, ({ detail }) => {
      const person = people[detail.userId];
      if (kind === 'stateChanged' && person) person.cameFrom = detail.from;
      if (kind === 'toolsChanged' && person?.session) listTools(detail.userId).catch(showError);
      const text = narrator.tell(kind, detail);
      if (text && person) {
        person.story = text;
        if (detail.userId === who) narrate(text);
      }
      refreshSoon();
    });
  }
}

function wire() {
  ui['connect-a'].addEventListener('click', () => connect('ada'));
  ui['connect-b'].addEventListener('click', () => connect('ben'));
  ui['call-one'].addEventListener('click', callOne);
  ui['call-many'].addEventListener('click', callMany);
  ui.forget.addEventListener('click', forget);
  ui.restart.addEventListener('click', restart);
  ui.terminate.addEventListener('click', terminate);
  ui.message.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !ui['call-one'].disabled) callOne(); });
  ui.who.addEventListener('change', (event) => { who = event.target.value; refresh(); });
  ui['log-debug'].addEventListener('change', (event) => log.showDebug(event.target.checked));
  ui['log-copy'].addEventListener('click', copyLog);
  log.showDebug(ui['log-debug'].checked);
}

// What the buttons do

async function connect(userId) {
  await act(userId, 'connecting', async (person) => {
    who = userId;
    person.session = await manager.connect(userId, settings.serverName);
    await listTools(userId);
    const server = person.session.getServerVersion();
    show('good', [paragraph(`${users[userId]} is connected${server ? ` to ${server.name} ${server.version}` : ''}, which offers ${count(person.tools.length, 'tool')}.`)]);
  });
}

async function listTools(userId) {
  const person = people[userId];
  const tools = [];
  let cursor;
  do {
    const page = await person.session.listTools(cursor ? { cursor } : undefined);
    tools.push(...page.tools);
    cursor = page.nextCursor;
  } while (cursor);
  person.tools = tools;
  refresh();
}

async function callOne() {
  const message = ui.message.value;
  await act(who, 'calling', async (person) => {
    const began = performance.now();
    const result = await person.session.callTool({ name: 'echo', arguments: { message } });
    met();
    const text = (result.content ?? []).map((part) => part.text ?? `[${part.type}]`).join(' ');
    show(result.isError ? 'bad' : 'good', [paragraph(text), paragraph(`After ${duration(performance.now() - began)}.`, true)]);
  });
}

async function callMany() {
  const message = ui.message.value;
  await act(who, 'calling', async (person) => {
    const began = performance.now();
    const calls = Array.from({ length: burst }, (_, i) => person.session.callTool({ name: 'echo', arguments: { message: `${message} (${i + 1})` } }));
    const settled = await Promise.allSettled(calls);
    met();
    const failures = settled.filter((one) => one.status === 'rejected').map((one) => one.reason);
    const right = settled.filter((one, i) => one.status === 'fulfilled' && JSON.stringify(one.value).includes(`(${i + 1})`)).length;
    const answer = paragraph(`${burst} sent, ${right} answered, ${failures.length} failed, in ${duration(performance.now() - began)}.`);
    const kinds = [...new Map(failures.map((error) => [error.code, error])).values()];
    show(failures.length > 0 ? 'bad' : 'good', [answer, ...kinds.flatMap((error) => explain(error))]);
  });
}

async function forget() {
  await fault('forget', 'forget', 'The server has been made to forget. The client finds out with the next thing it sends.');
}

async function restart() {
  await fault('restart', 'restart', 'The server was killed, without a goodbye, and a new one started in its place. It knows nobody.');
}

async function fault(what, flag, words) {
  const button = ui[what];
  const asking = paragraph({ forget: 'Making the server forget…', restart: 'Killing the server and starting another…' }[what]);
  show('busy', [asking]);
  button.setAttribute('aria-busy', 'true');
  ui.timeline.note(flag);
  try {
    // Quiet: open streams stay open, so that it is a call that finds out.
    await control(settings, what, what === 'forget' ? { quiet: true } : {});
    broken = true;
    // An answer that came meanwhile is worth more than this.
    if (ui.result.firstElementChild === asking) show('note', [paragraph(words)]);
  } catch (error) {
    showError(error);
  } finally {
    button.removeAttribute('aria-busy');
    refresh();
  }
}

async function terminate() {
  await act(who, 'terminating', async (person) => {
    await person.session.terminate();
    show('good', [paragraph(`${users[who]} has said goodbye, and the server has dropped the session.`)]);
  });
}

/** Runs one action of a user's; whatever goes wrong is shown. */
async function act(userId, doing, action) {
  const person = people[userId];
  if (doing !== 'calling') person.busy = doing;
  show('busy', [paragraph({ connecting: 'Connecting…', calling: 'Waiting for the answer…', terminating: 'Saying goodbye…' }[doing])]);
  refresh();
  try {
    await action(person);
  } catch (error) {
    showError(error);
  } finally {
    if (doing !== 'calling') person.busy = undefined;
    refresh();
  }
}

function met() {
  called = true;
  broken = false;
}

// What is seen

let refreshing = false;
function refreshSoon() {
  if (refreshing) return;
  refreshing = true;
  setTimeout(() => {
    refreshing = false;
    refresh();
  });
}

function refresh() {
  const person = people[who];
  const info = manager.getSessionInfo(who, settings.serverName);
  const state = info?.state ?? (person.session ? person.session.state : 'none');
  const other = Object.keys(users).filter((id) => people[id].session);

  ui.who.hidden = other.length < 2;
  ui.who.querySelector(`input[value="${who}"]`).checked = true;
  ui['session-title'].textContent = person.session || info ? `${users[who]}'s session` : 'The session';
  ui['session-state'].textContent = state;
  ui['session-state'].dataset.state = state;
  ui['session-id'].textContent = info?.sessionId ? shorten(info.sessionId) : info && state === 'ready' ? 'none needed' : 'none';
  ui['session-kind'].textContent = info?.kind ?? '–';
  ui['session-protocol'].textContent = info?.protocolVersion || '–';
  ui['session-generation'].textContent = info?.generation ?? '–';
  ui['session-recoveries'].textContent = info?.recoveries ?? '–';
  ui['session-inflight'].textContent = info?.inFlight ?? '–';
  const server = person.session?.getServerVersion();
  ui['session-server'].textContent = server ? `with ${server.title ?? server.name} ${server.version}` : '';
  ui['session-expires'].textContent = info?.expiresAt && !['terminated', 'closed'].includes(state) ? `at ${clock(info.expiresAt)}` : '–';
  ui.stats.textContent = JSON.stringify(manager.getSessionStats(), null, 2);
  diagram.show(state, person.cameFrom);
  if (person.story) narrate(person.story);

  if (ui['tool-list'].tools !== person.tools) {
    ui['tool-list'].tools = person.tools;
    showTools(ui['tool-list'], person.tools ?? []);
    ui['tool-count'].textContent = person.tools ? capital(count(person.tools.length, 'tool')) : '';
    ui['tool-empty'].hidden = Boolean(person.tools);
  }
  refreshButtons(person, state);
}

function refreshButtons(person, state) {
  const someone = Object.keys(users).some((id) => people[id].session);
  const over = state === 'terminated' || state === 'closed';
  const usable = person.session && !over;
  const echo = person.tools?.some((tool) => tool.name === 'echo');

  for (const [button, id] of [[ui['connect-a'], 'ada'], [ui['connect-b'], 'ben']]) {
    const { busy, session } = people[id];
    const live = session && !['terminated', 'closed'].includes(manager.getSessionInfo(id, settings.serverName)?.state ?? 'closed');
    button.textContent = busy === 'connecting' ? `Connecting ${users[id]}…` : live ? `Connect as ${users[id]} again` : `Connect as ${users[id]}`;
    enable(button, !busy, `${users[id]} is ${busy}.`);
    button.toggleAttribute('aria-busy', busy === 'connecting');
  }
  ui['why-connect'].textContent = someone ? 'Each has a session of their own; connecting again uses it.' : 'Ada and Ben are two users of one server.';

  const whyNot = over ? `${users[who]}'s session is over; connect again first.` : !person.session ? 'Connect first.' : !echo ? 'This server has no tool named echo.' : `One moment: ${users[who]} is ${person.busy}.`;
  const canCall = Boolean(usable && echo && !person.busy);
  enable(ui['call-one'], canCall, whyNot);
  enable(ui['call-many'], canCall, whyNot);
  ui['why-use'].textContent = canCall || person.busy ? '' : whyNot;

  const noVictim = 'There is no session to break yet.';
  enable(ui.forget, Boolean(usable), over ? whyNot : noVictim);
  enable(ui.restart, Boolean(someone), noVictim);
  ui['why-break'].textContent = usable ? 'Both are real: the next call meets a 404, or no server at all.' : over ? whyNot : noVictim;

  enable(ui.terminate, Boolean(usable) && person.busy !== 'terminating', over ? 'It is over already.' : 'There is no session to end yet.');
  ui['why-end'].textContent = usable ? '' : ui.terminate.title;

  // One button stands out: the next step of the story.
  const next = !person.session || over ? ui[who === 'ada' ? 'connect-a' : 'connect-b'] : broken ? ui['call-many'] : called ? ui.forget : ui['call-one'];
  for (const button of document.querySelectorAll('.buttons button')) button.toggleAttribute('data-next', button === next);
}

function enable(button, yes, whyNot) {
  button.disabled = !yes;
  if (yes) button.removeAttribute('title'); else button.title = whyNot;
}

let narrating;
let story;
/** Read aloud at most every 300 ms; what comes in between is never shown. */
function narrate(text) {
  if (story === text) return;
  const first = story === undefined;
  story = text;
  narrating ??= setTimeout(() => {
    narrating = undefined;
    ui.narration.textContent = story;
  }, first ? 0 : 300);
}

function show(kind, content) {
  ui.result.dataset.kind = kind;
  ui.result.replaceChildren(...content);
}

function showError(error) {
  show('bad', explain(error));
  refresh();
}

function showNotice(error) {
  console.info('mcp-tether demo:', error);
  const make = document.createElement('code');
  make.textContent = 'make demo';
  const setUp = error?.name === 'NotSetUp';
  ui.notice.replaceChildren(...(setUp ? [`${error.message} Run `, make, ' in the project and open the address that it prints.'] : explain(error)));
  ui.notice.hidden = false;
  ui['why-connect'].textContent = 'Nothing to connect to yet.';
}

async function copyLog() {
  const button = ui['log-copy'];
  try {
    await navigator.clipboard.writeText(log.text);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(ui.log);
    button.textContent = 'Selected';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}

function shorten(id) {
  return id.length > 8 ? `${id.slice(0, 8)}…` : id;
}

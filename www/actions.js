// The actions of the buttons. Each runs for one holder of a session; errors are shown.
// @ts-check

import { briefName } from './backends/backend.js';
import { argumentsFor, callMany, callOnce, tellMany, tellOne } from './calls.js';
import { difference } from './compare/side-by-side.js';
import { showDiagnosis } from './diagnosis.js';
import { loadDoctor } from './doctor/steps.js';
import { paragraph } from './errors.js';
import { capital, count } from './format.js';
import { nameOf } from './holders.js';
import { onSessionEvent } from './session-events.js';
import { isOver } from './session-view.js';

/** @import { App } from './app.js' */
/** @import { CallOutcome, Fault, Holder, ServerCounts, Tool } from './types.js' */

export class Actions {
  #app;

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
  }

  /**
   * Runs one action for a holder.
   * @param {Holder} holder
   * @param {string} doing
   * @param {() => Promise<void>} action
   */
  async #act(holder, doing, action) {
    const { buttons, display, narrator, outcome } = this.#app;
    holder.busy = doing;
    if (!buttons.broken) narrator.turn();
    display.refresh();
    try {
      await action();
    } catch (error) {
      outcome.error(error);
    } finally {
      holder.busy = undefined;
      display.refresh();
    }
  }

  /** @param {string} userId @param {string} serverName */
  async connect(userId, serverName) {
    const { outcome, world } = this.#app;
    const holder = world.holders.get(userId, serverName);
    outcome.show('busy', 'Connecting…');
    this.#app.ui.findings.hidden = true;
    let isConnected = false;
    await this.#act(holder, 'connecting', async () => {
      world.holders.current = holder;
      const session = await world.manager.connect(userId, serverName);
      holder.session = session;
      const tools = await this.listTools(holder);
      const server = session.getServerVersion();
      const to = server ? ` to ${server.name} ${server.version}` : '';
      outcome.show('good', `${nameOf(userId)} is connected${to}, which offers ${count(tools.length, 'tool')}.`);
      isConnected = true;
    });
    if (!isConnected) await this.#find(holder);
  }

  async addServer() {
    const { holder, holders, backend } = this.#app.world;
    const taken = holders.connected
      .filter(({ userId }) => userId === holder.userId)
      .map(({ serverName }) => serverName);
    const next = backend.servers.find(({ name }) => name !== briefName && !taken.includes(name));
    if (next) await this.connect(holder.userId, next.name);
    else this.#app.askForServer();
  }

  /** @param {Holder} holder */
  async listTools(holder) {
    /** @type {Tool[]} */
    const tools = [];
    /** @type {string | undefined} */
    let cursor;
    do {
      /** @type {{ tools: Tool[], nextCursor?: string }} */
      const page = await sessionOf(holder).listTools(cursor ? { cursor } : undefined);
      tools.push(...page.tools);
      cursor = page.nextCursor;
    } while (cursor);
    holder.tools = tools;
    this.#app.display.refresh();
    return tools;
  }

  async callOne() {
    const { outcome, world } = this.#app;
    const { holder } = world;
    const { tool, given } = this.#chosen();
    const waiting = outcome.show('busy', 'Waiting for the result…');
    await this.#act(holder, 'calling', async () => {
      const came = await callOnce(sessionOf(holder), tool, given, ({ progress, total }) =>
        outcome.replace(waiting, 'busy', waiting, paragraph(`Step ${progress}${total ? ` of ${total}` : ''}.`, true)),
      );
      this.#met();
      outcome.show(came.ok ? 'good' : 'bad', ...tellOne(came));
    });
  }

  /** @param {number} times */
  async load(times) {
    const { outcome, ui, world } = this.#app;
    const { holder } = world;
    const { tool } = this.#chosen();
    this.#app.latest = { ...this.#app.latest, times };
    outcome.show('busy', `Waiting for ${times.toLocaleString('en')} results…`);
    await this.#act(holder, 'calling', async () => {
      const came = await callMany(sessionOf(holder), tool, times, ui.message.value);
      this.#met();
      outcome.show(came.failures.length > 0 ? 'bad' : 'good', ...tellMany(came));
    });
  }

  /** @param {Fault} fault */
  async breakIt(fault) {
    const { result } = this.#app.ui;
    result.dataset.busy = '';
    await this.#meet(fault).finally(() => delete result.dataset.busy);
  }

  /** @param {Fault} fault */
  async #meet(fault) {
    const { buttons, outcome, ui, world } = this.#app;
    const waiting = outcome.show('busy', fault.tells);
    ui.timeline.note(fault.flag);
    this.#app.latest = { fault, times: 1 };
    if (fault.id === 'expire') return this.#expire(fault);
    if (ui.beside.checked) return this.#compare(fault);
    await this.#act(world.holder, 'running a fault', async () => {
      await world.break(fault);
      this.#app.latest = { fault: { ...fault, requests: world.asked }, times: 1 };
      buttons.broken = true;
      outcome.replace(waiting, 'note', fault.tells);
    });
    if (!ui.thenCall.checked || !buttons.broken) return undefined;
    const before = await world.counts();
    await this.callOne();
    this.#tellCounts(before, await world.counts());
    return undefined;
  }

  /**
   * What the server counted while the call ran: whether a tool ran twice is counted, not guessed.
   * @param {ServerCounts | undefined} before
   * @param {ServerCounts | undefined} after
   */
  #tellCounts(before, after) {
    const counted = difference(before, after, 'mcp-tether');
    if (!counted) return;
    const { handshakes, calls, runs } = counted;
    const words = [count(handshakes, 'handshake'), count(calls, 'tool request'), count(runs, 'run')].join(', ');
    this.#app.outcome.add(`${capital('the server counted: ')}${words}.`);
  }

  /**
   * Leaves the session of the server with the short idle timeout unused until it expires.
   * @param {Fault} fault
   */
  async #expire(fault) {
    const { outcome, ui, world } = this.#app;
    const { holder: usual } = world;
    const { userId } = usual;
    const holder = world.holders.get(userId, briefName);
    await this.connect(userId, briefName);
    if (!holder.session || isOver(world.stateOf(holder))) return;
    const waiting = outcome.show('busy', fault.tells);
    await this.#act(holder, 'waiting for the session to expire', () => this.#expired(holder));
    outcome.replace(
      waiting,
      'note',
      'The session expired, and the client ended it with a DELETE. The next call opens a new one.',
    );
    if (ui.thenCall.checked) await this.callOne();
    // The next fault is about the session that the visitor had chosen. What has just happened stays on the page.
    usual.story = holder.story;
    world.holders.current = usual;
    this.#app.display.refresh();
  }

  /** @param {Holder} holder @returns {Promise<void>} */
  #expired({ userId, serverName }) {
    const { events } = this.#app.world.manager;
    return new Promise((resolve) => {
      const stop = onSessionEvent(events, 'sessionExpired', (detail) => {
        if (detail.userId !== userId || detail.serverName !== serverName) return;
        stop();
        resolve();
      });
    });
  }

  async toggleBeside() {
    const { beside, outcome, ui, world } = this.#app;
    ui.compare.hidden = !ui.beside.checked;
    if (!ui.beside.checked) return beside.close();
    outcome.show('busy', 'Loading and connecting the official client…');
    await beside.open(world);
    ui.compareVersion.textContent = `@modelcontextprotocol/client ${beside.version}`;
    outcome.show(
      'note',
      'The official client now has its own session next to yours. Cause a fault: it affects both clients, and each calls the tool twice.',
    );
    return undefined;
  }

  /** @param {Fault} fault */
  async #compare(fault) {
    const { beside, outcome, ui, world } = this.#app;
    await this.#act(world.holder, 'calling', async () => {
      const { mine, other } = await beside.run(fault, world, {
        ...this.#chosen(),
        breakIt: (clients) => world.break(fault, clients),
      });
      this.#app.latest = { fault: { ...fault, requests: world.asked }, times: 1 };
      this.#met();
      ui.compareEmpty.hidden = true;
      ui.compareSum.textContent = beside.sum;
      outcome.show(
        mine.every(({ ok }) => ok) ? 'good' : 'bad',
        `${fault.label}: here ${answered(mine)} calls were answered, with the official client ${answered(other)}.`,
      );
    });
  }

  async terminate() {
    const { outcome, world } = this.#app;
    const { holder } = world;
    outcome.show('busy', 'Saying goodbye…');
    await this.#act(holder, 'terminating', async () => {
      await sessionOf(holder).terminate();
      outcome.show('good', `${nameOf(holder.userId)} ended the session with a DELETE.`);
    });
  }

  /** Runs the diagnosis, which does not touch open sessions. */
  async diagnose() {
    const { outcome, world } = this.#app;
    const { holder, manager } = world;
    outcome.show('busy', 'Checking the server step by step…');
    await this.#act(holder, 'running the diagnosis', async () => {
      const [diagnosis, doctor] = await Promise.all([manager.diagnose(holder.serverName, holder.userId), loadDoctor()]);
      const { state, text } = showDiagnosis(this.#app.ui.findings, diagnosis, doctor);
      outcome.show(state === 'broken' ? 'bad' : 'good', text);
    });
  }

  /** The diagnosis after a failed connection, below its error. @param {Holder} holder */
  async #find({ serverName, userId }) {
    const { ui, world } = this.#app;
    await Promise.all([world.manager.diagnose(serverName, userId), loadDoctor()]).then(
      ([diagnosis, doctor]) => showDiagnosis(ui.findings, diagnosis, doctor),
      () => {},
    );
  }

  /** The selected tool and its arguments. */
  #chosen() {
    const { ui, world } = this.#app;
    const tool = world.holder.tools?.find(({ name }) => name === ui.tool.value);
    if (!tool) throw new Error('the server does not have this tool');
    return { tool, given: argumentsFor(tool, ui.message.value) ?? {} };
  }

  #met() {
    const { buttons } = this.#app;
    buttons.called = true;
    buttons.broken = false;
  }
}

/** @param {Holder} holder */
function sessionOf({ session }) {
  if (!session) throw new Error('no session is open');
  return session;
}

/** @param {Pick<CallOutcome, 'ok'>[]} outcomes */
function answered(outcomes) {
  return `${outcomes.filter(({ ok }) => ok).length} of ${outcomes.length}`;
}

// The laboratory: connects buttons to actions, and the manager's events to the views. Nothing here is simulated.
// @ts-check

import { Actions } from './actions.js';
import { loginBackend } from './backends/login.js';
import { simulatedBackend } from './backends/simulated.js';
import { Buttons } from './buttons.js';
import { SideBySide } from './compare/side-by-side.js';
import { copy } from './copy.js';
import { Display } from './display.js';
import { pageElements } from './elements.js';
import { faults } from './faults.js';
import { loadDevtools } from './library.js';
import { LogView } from './log-view.js';
import { Narration } from './narration.js';
import { Narrator } from './narrator.js';
import { showNotice, showServersMissing } from './notice.js';
import { Outcome } from './outcome.js';
import { ServerForm } from './server-form.js';
import { onSessionEvent } from './session-events.js';
import { download, traceOf } from './trace.js';
import { weigh } from './weight.js';
import { World } from './world.js';

/** @import { Backend, BackendMaker, Devtools, Fault, Library, Scenario } from './types.js' */

export class App {
  ui = pageElements();
  log = new LogView(this.ui.log);
  narration = new Narration(this.ui.narration);
  outcome = new Outcome(this.ui.result);
  buttons = new Buttons(this.ui);
  beside = new SideBySide(this.ui.compareRows);
  display = new Display(this);
  actions = new Actions(this);
  narrator = new Narrator();
  /** @type {Scenario} the scenario of the snippet */
  latest = { fault: undefined, times: 1 };
  /** @type {World | undefined} */
  #world;
  /** @type {Library | undefined} */
  #library;
  /** @type {ServerForm | undefined} */
  #form;
  /** @type {Promise<Devtools> | undefined} */
  #devtools;

  /** The current world. */
  get world() {
    if (!this.#world) throw new Error('no backend is selected yet');
    return this.#world;
  }

  /** @param {Beginnings} beginnings */
  async start(beginnings) {
    const { ui } = this;
    const [library, demo, login] = await Promise.all([beginnings.library, beginnings.demo, loginBackend()]);
    this.#library = library;
    ui.version.textContent = `mcp-tether ${library.version}`;
    ui.weight.textContent = weigh(library.readyAt);
    this.#wire();
    /** @type {Record<string, BackendMaker>} */
    const makers = { ...(demo && { demo: async () => demo }), simulated: simulatedBackend, ...(login && { login }) };
    this.#form = new ServerForm(ui.where, { makers, choose: async (make) => this.#use(await make()) });
    const backend = await beginnings.backend.catch((error) => showServersMissing(ui, error));
    if (backend) await this.#use(backend);
  }

  /** Opens the fields for the visitor's own server. */
  askForServer() {
    this.#form?.ask();
  }

  /**
   * Switches to the servers of a backend.
   * @param {Backend} backend
   */
  async #use(backend) {
    const { ui } = this;
    if (!this.#library) return;
    this.#devtools ??= loadDevtools();
    const { eventTypes } = await this.#devtools;
    await this.beside.close();
    // Its last events are drawn, too.
    await this.#world?.close();
    this.#world?.backend.loginStory?.end();
    const world = new World({
      library: this.#library,
      backend,
      timeline: ui.timeline,
      log: (level, line) => this.log.write(level, line),
    });
    this.#world = world;
    this.narrator = new Narrator();
    this.#watch(world, eventTypes);
    const { network } = world;
    const offline = ui.faultButtons.get('offline');
    network.addEventListener('change', () => {
      offline?.toggleAttribute('data-gone', network.offline);
      this.log.write('event', network.offline ? 'page offline: nothing is sent, calls wait' : 'page online again');
    });
    backend.loginStory?.begin(ui.setting);
    ui.beside.checked = false;
    ui.compare.hidden = true;
    this.latest = { fault: undefined, times: 1 };
    ui.setting.textContent = backend.about;
    ui.notice.hidden = true;
    this.#form?.show(backend.kind);
    this.display.refresh();
  }

  /**
   * Handles all events of sessions.
   * @param {World} world
   * @param {Devtools['eventTypes']} kinds
   */
  #watch(world, kinds) {
    for (const kind of kinds) {
      onSessionEvent(world.manager.events, kind, (detail) => {
        const holder = world.holders.get(detail.userId, detail.serverName);
        const isShown = world === this.#world && holder === world.holder;
        if (kind === 'stateChanged') {
          holder.cameFrom = detail.from;
          if (isShown) this.display.passed(detail);
        }
        if (kind === 'toolsChanged' && holder.session)
          this.actions.listTools(holder).catch((error) => this.outcome.error(error));
        this.log.event(kind, detail);
        const text = this.narrator.tell(kind, detail);
        if (text) {
          holder.story = text;
          if (isShown) this.narration.tell(text);
        }
        this.display.refreshSoon();
      });
    }
  }

  #wire() {
    const { ui, actions } = this;
    this.#wireSessions();
    this.#wireViews();
    ui.callOne.addEventListener('click', () => actions.callOne());
    ui.callMany.addEventListener('click', () => actions.load(50));
    ui.callThousand.addEventListener('click', () => actions.load(1_000));
    ui.message.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !ui.callOne.disabled) actions.callOne();
    });
    for (const fault of faults) this.#wireFault(fault);
    ui.beside.addEventListener('change', () =>
      actions.toggleBeside().catch((error) => {
        ui.beside.checked = false;
        ui.compare.hidden = true;
        this.outcome.error(error);
      }),
    );
  }

  #wireSessions() {
    const { ui, actions } = this;
    const main = () => this.world.backend.servers[0].name;
    ui.connectA.addEventListener('click', () => actions.connect('ada', main()));
    ui.connectB.addEventListener('click', () => actions.connect('ben', main()));
    ui.addUser.addEventListener('click', () => {
      const { holder, holders } = this.world;
      const userId = holders.nextUser();
      if (userId) actions.connect(userId, holder.serverName);
    });
    ui.addServer.addEventListener('click', () => actions.addServer());
    ui.terminate.addEventListener('click', () => actions.terminate());
    ui.diagnose.addEventListener('click', () => actions.diagnose());
    ui.who.addEventListener('change', ({ target }) => {
      const { holders } = this.world;
      const chosen = target instanceof HTMLInputElement && holders.find(target.value);
      if (chosen) holders.current = chosen;
      this.display.refresh();
    });
  }

  #wireViews() {
    const { ui, log } = this;
    ui.tool.addEventListener('change', () => this.display.refresh());
    ui.logDebug.addEventListener('change', () => log.showDebug(ui.logDebug.checked));
    ui.logCopy.addEventListener('click', () => copy(ui.logCopy, log.text, ui.log));
    ui.snippetCopy.addEventListener('click', () => copy(ui.snippetCopy, ui.snippet.textContent ?? '', ui.snippet));
    ui.export.addEventListener('click', () => download('mcp-tether-trace.json', traceOf(this.world)));
    log.showDebug(ui.logDebug.checked);
  }

  /** @param {Fault} fault */
  #wireFault(fault) {
    const { ui, actions } = this;
    const button = ui.faultButtons.get(fault.id);
    if (!button) return;
    button.addEventListener('click', () => actions.breakIt(fault));
    for (const type of ['pointerenter', 'focus'])
      button.addEventListener(type, () => {
        ui.whyBreak.textContent = fault.tells;
      });
  }
}

/** @typedef {{ library: Promise<Library>, demo: Promise<Backend | undefined>, backend: Promise<Backend> }} Beginnings */

/** @param {Beginnings} beginnings what the first screen has begun to load */
export async function openLaboratory(beginnings) {
  const app = new App();
  await app.start(beginnings).catch((error) => showNotice(app.ui, error));
}

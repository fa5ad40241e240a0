// The first screen: two clients call one server once a second, the server breaks, and one sentence says what followed.
//
// Every number comes from the manager's events, from the calls' outcomes or from the counts of the server.
// @ts-check

import { controlOf } from '../backends/backend.js';
import { Untold } from '../errors.js';
import { find } from '../find.js';
import { duration } from '../format.js';
import { onSessionEvent } from '../session-events.js';
import { isReload, tabName } from '../tab.js';
import { Cards } from './cards.js';
import { OurClient, StoryNetwork, TheirClient } from './clients.js';
import { storyFaults } from './faults.js';
import { uninterrupted } from './interruption.js';
import { Lanes } from './lanes.js';
import { Run, waitingEvents } from './run.js';
import { openSecondTab } from './second-tab-frame.js';

/** @import { CallOutcome, FaultClient, Library, ServerCounts, StoryFault, StoryServer } from '../types.js' */
/** @typedef {{ id: string, before: ServerCounts, runs: Cards['record'] }} Interrupted a fault that a reload has interrupted */

const beatMs = 1_000;
const openingMs = 4_000; // the first restart happens by itself
// Calls of each client per fault. With seven, a visitor who presses without a pause causes seven losses in 45 s, which open the circuit breaker.
const callsAfter = 8;
const interruptedKey = 'story-interrupted';
const quietBeats = 300; // then the lanes rest until a button is pressed
const offline = 'The browser is offline. Press again when it is online.';
const turnMs = 120_000; // of waiting for another window
const reloadMs = 30_000; // a visitor can stop it

export class Story {
  #ui;
  #lanes;
  #cards;
  #server;
  #tab;
  #control;
  #ours;
  #theirs;
  #network;
  /** @type {Run | undefined} */
  #run;
  #isPlaying = false;
  #isSeen = true;
  // Another visit of the page, perhaps to the same server, makes other calls.
  #visit = Math.random().toString(36).slice(2, 8);
  #orders = 0;
  #beatsLeft = quietBeats;
  #unanswered = 0; // unanswered calls

  /** @param {HTMLElement} host @param {StoryServer} server @param {{ tab: string, ours: OurClient, theirs: TheirClient | undefined, network: StoryNetwork }} clients */
  constructor(host, server, { tab, ours, theirs, network }) {
    this.#ui = elementsOf(host);
    this.#lanes = new Lanes(host);
    this.#cards = new Cards(host);
    this.#server = server;
    this.#tab = tab;
    this.#control = controlOf(server.controlUrl, server.page);
    this.#ours = ours;
    this.#theirs = theirs;
    this.#network = network;
    const { events } = ours.manager;
    for (const kind of waitingEvents) onSessionEvent(events, kind, () => this.#run?.wait());
    onSessionEvent(events, 'sessionCreated', () => this.#lanes.handshake());
    new IntersectionObserver(([entry]) => {
      this.#isSeen = entry?.isIntersecting ?? true;
    }).observe(this.#ui.lanes);
    this.#listen();
  }

  /** @param {HTMLElement} host @param {Library} library @param {StoryServer} server */
  static async open(host, library, server) {
    const network = new StoryNetwork(server);
    const tab = await tabName();
    const [ours, theirs] = await Promise.all([
      OurClient.connect(library, server, network, tab),
      TheirClient.connect(server, network).catch(() => undefined),
    ]);
    const story = new Story(host, server, { tab, ours, theirs, network });
    story.#begin();
    return story;
  }

  #begin() {
    const { version, restart } = this.#ui;
    version.textContent = this.#theirs ? this.#theirs.version : 'not bundled with this page';
    restart.disabled = false;
    setInterval(() => this.#beat(), beatMs);
    const interrupted = takeInterrupted();
    if (interrupted) this.#resume(interrupted);
    this.#beat();
    const linked = linkedFault();
    // The browser looks for an element of that name, and the laboratory has some.
    if (linked) scrollTo({ top: 0, behavior: 'instant' });
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (linked || !isCalm) setTimeout(() => this.#open(linked), openingMs);
  }

  /** @param {StoryFault | undefined} linked */
  #open(linked) {
    if (document.hidden) {
      document.addEventListener('visibilitychange', () => this.#open(linked), { once: true });
      return;
    }
    const [restart] = storyFaults;
    const fault = linked ?? restart;
    if (fault && !this.#ui.host.hasAttribute('data-played')) this.play(fault);
  }

  #listen() {
    const { restart, chips } = this.#ui;
    restart.addEventListener('click', () => this.#press('restart'));
    chips.addEventListener('click', (event) => {
      const chip = event.target instanceof Element && event.target.closest('a');
      if (!chip) return;
      event.preventDefault();
      this.#press(chip.hash.slice(1));
    });
    // A link to a card, opened where the page is open.
    addEventListener('hashchange', () => {
      const linked = linkedFault();
      if (!linked || linked.id === this.#ui.host.dataset.played) return;
      scrollTo({ top: 0, behavior: 'instant' });
      this.play(linked);
    });
  }

  /** The address names the card that is shown. @param {string} id */
  #press(id) {
    const fault = storyFaults.find((one) => one.id === id);
    if (!fault || this.#isPlaying) return;
    history.replaceState(null, '', `#${id}`);
    this.play(fault);
  }

  /** @param {Interrupted} interrupted */
  #resume({ id, before, runs }) {
    this.#cards.restore(runs);
    const fault = storyFaults.find((one) => one.id === id);
    if (fault) this.play(fault, before);
  }

  /** Plays one fault; a second press meanwhile does nothing. @param {StoryFault} fault @param {ServerCounts} [before] of the page before */
  async play(fault, before) {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.#beatsLeft = quietBeats;
    this.#show(fault);
    try {
      await this.#inTurn(fault, () => uninterrupted(fault, (signal) => this.#playOut(fault, { before, signal })));
    } catch (error) {
      sessionStorage.removeItem(interruptedKey);
      this.#ui.sentence.textContent = whyUntold(error);
      this.#cards.fail(fault);
    } finally {
      this.#run = undefined;
      this.#isPlaying = false;
      this.#ui.host.dataset.played = fault.id;
      for (const control of [this.#ui.restart, ...this.#ui.chips.children]) control.removeAttribute('aria-disabled');
    }
  }

  /** @param {StoryFault} fault */
  #show(fault) {
    const { host, restart, chips } = this.#ui;
    host.dataset.played = '';
    this.#ui.sentence.textContent = fault.now;
    this.#cards.begin(fault);
    find(host, '.card', HTMLElement).querySelector('iframe')?.remove();
    // Not `disabled`, which would drop the focus.
    for (const control of [restart, ...chips.children]) control.setAttribute('aria-disabled', 'true');
    for (const chip of chips.children) {
      const isCurrent = chip.getAttribute('href') === `#${fault.id}`;
      if (isCurrent) chip.setAttribute('aria-current', 'true');
      else chip.removeAttribute('aria-current');
      // On a phone the chips are one row, which scrolls.
      if (isCurrent && chip instanceof HTMLElement) chips.scrollLeft = chip.offsetLeft - chips.clientWidth / 2;
    }
  }

  /**
   * A fault of another window at the same server would be part of this one's story.
   * @param {StoryFault} fault @param {() => Promise<void>} play
   */
  async #inTurn({ now }, play) {
    const { sentence } = this.#ui;
    if (!navigator.locks) return play();
    const turn = new AbortController();
    const late = [
      setTimeout(() => {
        sentence.textContent = 'Another window plays a fault at the same server. This one is next.';
      }, 300),
      // By now it may have ended: this page may have slept.
      setTimeout(
        () => turn.abort(new Untold('Another window was playing a fault at the same server. Press again.')),
        turnMs,
      ),
    ];
    const mine = () => {
      for (const timer of late) clearTimeout(timer);
      sentence.textContent = now;
      return play();
    };
    return navigator.locks.request(`story ${this.#server.controlUrl}`, { signal: turn.signal }, mine);
  }

  /** Both clients with a session that works, at a server that can be reached; then the counts. @param {AbortSignal} signal */
  async #rested(signal) {
    const { hostname } = new URL(this.#server.url, document.baseURI);
    // A Service Worker could answer, but the library waits. And nothing could be loaded again.
    if (!navigator.onLine && !/^(localhost|127\.|\[)/.test(hostname)) throw new Untold(offline);
    await this.#control.counts();
    await this.#until(() => this.#unanswered === 0 && !this.#network.offline, signal);
    // Of a story that was interrupted.
    await this.#control.ask('clear');
    await this.#call('stock');
    await this.#theirs?.renew().catch(() => {});
    // The counts before must not have half a call.
    await this.#until(() => this.#unanswered === 0, signal);
    return this.#control.counts();
  }

  /** @param {StoryFault} fault @param {{ before: ServerCounts | undefined, signal: AbortSignal }} how */
  async #playOut(fault, { before: earlier, signal }) {
    const before = earlier ?? (await this.#rested(signal));
    signal.throwIfAborted();
    if (fault.reloads && !earlier) return this.#reload({ id: fault.id, before, runs: this.#cards.record });
    const run = new Run(fault, before);
    this.#lanes.flag(fault.chip);
    const clients = /** @type {FaultClient[]} */ (['mcp-tether', ...(this.#theirs ? ['official'] : [])]);
    // Of a page that was reloaded, time counts from its beginning.
    const began = earlier ? 0 : performance.now();
    const breaking = fault.break({
      control: this.#control.ask,
      network: this.#network,
      secondTab: async () =>
        run.add(await openSecondTab(this.#ui.card, this.#server, { tab: this.#tab, calls: callsAfter })),
      each: (arm) => Promise.all(clients.map(arm)),
    });
    breaking.catch(() => {}); // it is awaited below, if the story gets there
    // A fault that waits for a call has to be armed before it.
    if (!fault.isLasting) await breaking;
    signal.throwIfAborted();
    const sinceMs = performance.now() - began;
    this.#run = run;
    const brokeMs = await breaking;
    if (fault.isLasting) run.wait();
    await this.#until(() => run.made >= callsAfter && !run.isOpen, signal);
    this.#run = undefined;
    const ended = run.end(await this.#control.counts(), typeof brokeMs === 'number' ? brokeMs : sinceMs);
    signal.throwIfAborted();
    this.#ui.sentence.textContent = fault.sentence(ended);
    this.#cards.show(ended);
  }

  /** The next page goes on with the story. @param {Interrupted} interrupted @returns {Promise<void>} */
  #reload(interrupted) {
    sessionStorage.setItem(interruptedKey, JSON.stringify(interrupted));
    location.reload();
    return new Promise((_resolve, reject) => {
      const late = `The page was not loaded again within ${duration(reloadMs)}. Press again.`;
      setTimeout(() => reject(new Untold(late)), reloadMs);
    });
  }

  /** @param {() => boolean} condition @param {AbortSignal} signal */
  async #until(condition, signal) {
    while (!condition()) {
      signal.throwIfAborted();
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }

  /** One call of each client. */
  #beat() {
    const isResting = document.hidden || !this.#isSeen || this.#beatsLeft <= 0;
    if (!this.#isPlaying && isResting) return;
    if (this.#isPlaying && (!this.#run || this.#run.made >= callsAfter)) return;
    this.#beatsLeft -= 1;
    const isFirst = this.#run?.made === 0;
    this.#call((isFirst && this.#run?.fault.tool) || 'stock');
  }

  /** Resolves when both have been answered. @param {string} name of the tool */
  #call(name) {
    this.#orders += 1;
    const given = { order: `${this.#visit}-${this.#orders}` };
    const ours = this.#ours.call(name, given);
    const theirs = this.#theirs?.call(name, given);
    this.#count(ours);
    if (theirs) this.#count(theirs);
    this.#run?.watch(ours, theirs);
    this.#lanes.tick(ours, theirs);
    return Promise.all([ours, theirs]);
  }

  /** @param {Promise<CallOutcome>} coming */
  async #count(coming) {
    this.#unanswered += 1;
    await coming;
    this.#unanswered -= 1;
  }
}

/** @param {unknown} error */
function whyUntold(error) {
  if (error instanceof Untold) return error.message;
  if (!navigator.onLine) return offline;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return name === 'TypeError' || name === 'TimeoutError'
    ? 'The server of this screen cannot be reached. If it was started again, reload the page.'
    : `The fault could not be played: ${message}`;
}

/** @returns {Interrupted | undefined} */
function takeInterrupted() {
  const text = sessionStorage.getItem(interruptedKey);
  sessionStorage.removeItem(interruptedKey);
  // A visitor who left instead, and came back later, has not reloaded the page.
  return text !== null && isReload() ? JSON.parse(text) : undefined;
}

/** The fault that the address names: a card can be linked. */
function linkedFault() {
  return storyFaults.find(({ id }) => location.hash === `#${id}`);
}

/** @param {HTMLElement} host */
function elementsOf(host) {
  const chips = find(host, '#chips', HTMLElement);
  // The page has them in its HTML, so that nothing moves.
  if (chips.childElementCount === 0) chips.append(...storyFaults.map(chip));
  return {
    host,
    chips,
    card: find(host, '.card', HTMLElement),
    lanes: find(host, '.lanes', HTMLElement),
    restart: find(host, '#restart-now', HTMLButtonElement),
    sentence: find(host, '#sentence', HTMLElement),
    version: find(host, '#their-version', HTMLElement),
  };
}

/** @param {StoryFault} fault */
function chip({ id, chip: text }) {
  const link = document.createElement('a');
  link.href = `#${id}`;
  link.className = 'chip';
  link.textContent = text;
  return link;
}

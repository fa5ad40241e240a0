// Which buttons are enabled, the reasons for disabled ones, and the button for the next step.
// @ts-check

import { argumentsFor } from './calls.js';
import { faults } from './faults.js';
import { nameOf } from './holders.js';
import { isOver } from './session-view.js';

/** @import { PageElements } from './elements.js' */
/** @import { Holder } from './types.js' */
/** @import { World } from './world.js' */
/** @typedef {{ isOver: boolean, isUsable: boolean, whyNot: string | undefined }} Situation */

/** Presses of buttons that only say that they are disabled do nothing. */
function ignoreDisabled(/** @type {Event} */ event) {
  const button = event.target instanceof Element && event.target.closest('button');
  if (button && button.ariaDisabled === 'true') event.stopImmediatePropagation();
}

export class Buttons {
  #ui;
  broken = false; // a fault was requested, and no call has met it yet
  called = false;

  /** @param {PageElements} ui */
  constructor(ui) {
    this.#ui = ui;
    document.addEventListener('click', ignoreDisabled, true);
  }

  /** @param {World} world */
  show(world) {
    const { holder } = world;
    const over = isOver(world.stateOf(holder));
    const situation = {
      isOver: over,
      isUsable: Boolean(holder.session) && !over,
      whyNot: this.#whyNoCall(holder, over),
    };
    this.#showConnecting(world);
    this.#showCalling(holder, situation);
    this.#showBreaking(world, situation);
    enable(this.#ui.diagnose, !holder.busy, 'One moment.');
    enable(
      this.#ui.terminate,
      situation.isUsable && holder.busy !== 'terminating',
      over ? 'The session has already ended.' : 'Connect first: no session is open yet.',
    );
    const next = this.#next(holder, over);
    for (const button of document.querySelectorAll('.buttons button'))
      button.toggleAttribute('data-next', button === next && !next.hasAttribute('data-off'));
  }

  /** @param {World} world */
  #showConnecting(world) {
    const ui = this.#ui;
    const { holders } = world;
    const main = world.backend.servers[0].name;
    const isConnected = holders.connected.length > 0;
    this.#showConnect(ui.connectA, world, holders.get('ada', main));
    this.#showConnect(ui.connectB, world, holders.get('ben', main));
    enable(ui.addUser, Boolean(holders.nextUser()) && isConnected, 'Connect first.');
    enable(ui.addServer, isConnected, 'Connect first.');
    ui.whyConnect.textContent = isConnected ? '' : 'Each user has a separate session with the server.';
  }

  /** @param {HTMLButtonElement} button @param {World} world @param {Holder} holder */
  #showConnect(button, world, holder) {
    const name = nameOf(holder.userId);
    const isConnecting = holder.busy === 'connecting';
    const isLive = holder.session && !isOver(world.stateOf(holder));
    const label = isLive ? `Reconnect ${name}` : `Connect as ${name}`;
    button.textContent = isConnecting ? `Connecting ${name}…` : label;
    enable(button, !holder.busy, `${name} is ${holder.busy}.`);
    button.toggleAttribute('aria-busy', isConnecting);
  }

  /** @param {Holder} holder @param {Situation} situation */
  #showCalling({ busy }, { whyNot }) {
    const ui = this.#ui;
    for (const button of [ui.callOne, ui.callMany, ui.callThousand]) enable(button, !whyNot, whyNot);
    ui.whyUse.textContent = busy ? '' : (whyNot ?? '');
  }

  /** @param {World} world @param {Situation} situation */
  #showBreaking(world, { isOver: over, isUsable, whyNot }) {
    const noVictim = over ? whyNot : 'Connect first: no session is open yet.';
    for (const fault of faults) {
      const possible = fault.possible(world);
      const button = this.#ui.faultButtons.get(fault.id);
      if (button)
        enable(
          button,
          isUsable && possible && !world.holder.busy,
          possible ? noVictim : 'Only available with the demo’s servers.',
        );
    }
  }

  /**
   * The reason why no tool can be called; undefined if one can.
   * @param {Holder} holder
   * @param {boolean} over
   */
  #whyNoCall(holder, over) {
    if (over) return `${nameOf(holder.userId)}’s session has ended: connect again first.`;
    if (!holder.session) return 'Connect first.';
    const tool = holder.tools?.find(({ name }) => name === this.#ui.tool.value);
    if (!tool || argumentsFor(tool, '') === undefined) return 'This server has no tool that this page can call.';
    return holder.busy ? `Please wait: ${nameOf(holder.userId)} is ${holder.busy}.` : undefined;
  }

  /** @param {Holder} holder @param {boolean} over */
  #next(holder, over) {
    const { callOne, connectA, connectB, faultButtons } = this.#ui;
    if (!holder.session || over) return holder.userId === 'ben' ? connectB : connectA;
    const forget = faultButtons.get('forget');
    return this.called && !this.broken && forget ? forget : callOne;
  }
}

/**
 * The button that has the focus would lose it to the page if it were disabled, so it only says that it is.
 * @param {HTMLButtonElement} button
 * @param {boolean} yes
 * @param {string} [whyNot]
 */
function enable(button, yes, whyNot = '') {
  const isFocused = button === document.activeElement;
  button.disabled = !yes && !isFocused;
  button.toggleAttribute('data-off', !yes);
  if (!yes && isFocused) button.ariaDisabled = 'true';
  else button.ariaDisabled = null;
  if (yes) button.removeAttribute('title');
  else button.title = whyNot;
}

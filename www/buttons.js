// Which buttons can be pressed now, and if not, why; and the one that is the next step of the story.

import { argumentsFor } from './calls.js';
import { faults } from './faults.js';
import { nameOf } from './holders.js';
import { isOver } from './session-view.js';

export class Buttons {
  #ui;
  broken = false; // a fault was asked for, and no call has met it yet
  called = false;

  constructor(ui) {
    this.#ui = ui;
  }

  show(world) {
    const ui = this.#ui;
    const { holder, holders } = world;
    const over = isOver(world.stateOf(holder));
    const usable = Boolean(holder.session) && !over;
    const main = world.backend.servers[0].name;

    for (const [button, userId] of [
      [ui['connect-a'], 'ada'],
      [ui['connect-b'], 'ben'],
    ])
      this.#connect(button, world, holders.get(userId, main));
    enable(ui['add-user'], Boolean(holders.nextUser()) && holders.connected.length > 0, 'Connect first.');
    enable(ui['add-server'], holders.connected.length > 0, 'Connect first.');
    ui['why-connect'].textContent =
      holders.connected.length > 0 ? '' : 'Users of one server, each with a session of their own.';

    const tool = holder.tools?.find(({ name }) => name === ui.tool.value);
    const callable = tool && argumentsFor(tool, '') !== undefined;
    const whyNot = over
      ? `${nameOf(holder.userId)}’s session is over; connect again first.`
      : !holder.session
        ? 'Connect first.'
        : !callable
          ? 'This server has no tool that can be called from here.'
          : `One moment: ${nameOf(holder.userId)} is ${holder.busy}.`;
    const canCall = Boolean(usable && callable && !holder.busy);
    for (const id of ['call-one', 'call-many', 'call-thousand']) enable(ui[id], canCall, whyNot);
    ui['why-use'].textContent = canCall || holder.busy ? '' : whyNot;

    const noVictim = over ? whyNot : 'There is no session to break yet.';
    for (const fault of faults) {
      const possible = fault.possible(world);
      enable(
        ui[fault.id],
        usable && possible && !holder.busy,
        possible ? noVictim : 'Only a server of the demo’s own can be told to do this.',
      );
    }
    enable(ui.diagnose, !holder.busy, 'One moment.');
    enable(
      ui.terminate,
      usable && holder.busy !== 'terminating',
      over ? 'It is over already.' : 'There is no session to end yet.',
    );

    const next =
      !holder.session || over
        ? ui[holder.userId === 'ben' ? 'connect-b' : 'connect-a']
        : this.broken
          ? ui['call-one']
          : this.called
            ? ui.forget
            : ui['call-one'];
    for (const button of document.querySelectorAll('.buttons button'))
      button.toggleAttribute('data-next', button === next && !button.disabled);
  }

  #connect(button, world, holder) {
    const name = nameOf(holder.userId);
    const live = holder.session && !isOver(world.stateOf(holder));
    button.textContent =
      holder.busy === 'connecting' ? `Connecting ${name}…` : live ? `${name}, once more` : `Connect as ${name}`;
    enable(button, !holder.busy, `${name} is ${holder.busy}.`);
    button.toggleAttribute('aria-busy', holder.busy === 'connecting');
  }
}

function enable(button, yes, whyNot) {
  button.disabled = !yes;
  if (yes) button.removeAttribute('title');
  else button.title = whyNot;
}

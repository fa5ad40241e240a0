// Views of the sessions: the selected one, the selection, the tools, and the code snippet.
// @ts-check

import { argumentsFor, isSafe } from './calls.js';
import { CodeTabs } from './doctor/tabs.js';
import { find } from './find.js';
import { capital, count } from './format.js';
import { SessionView } from './session-view.js';
import { snippetsFor } from './snippet.js';
import { showTools } from './tool-list.js';

/** @import { SessionEventDetail } from 'mcp-tether' */
/** @import { App } from './app.js' */
/** @import { Holders } from './holders.js' */
/** @import { Holder, Tool } from './types.js' */

const pace = 60; // milliseconds between updates: events arrive in bursts

export class Display {
  #app;
  #view;
  #snippets;
  #isDue = false;
  #labels = ''; // the labels in the selection of holders
  /** @type {Tool[] | undefined} */
  #tools; // the tools in the list

  /** @param {App} app */
  constructor(app) {
    this.#app = app;
    this.#snippets = new CodeTabs(app.ui.take);
    const { diagram, stateMeaning, sessionTitle, facts } = app.ui;
    this.#view = new SessionView({ diagram, meaning: stateMeaning, title: sessionTitle, facts });
  }

  /**
   * Handles every change of state, however short.
   * @param {SessionEventDetail} detail
   */
  passed({ from, to }) {
    this.#view.passed(from, to);
  }

  refreshSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.refresh();
    }, pace);
  }

  refresh() {
    const { buttons, narration, ui, world } = this.#app;
    const { holder, holders, manager } = world;
    this.#view.show(holder, world.info(holder), world.stateOf(holder));
    if (holder.story) narration.tell(holder.story);
    ui.stats.textContent = JSON.stringify(manager.getSessionStats(), null, 2);
    this.#showHolders(holder, holders);
    this.#showToolsOf(holder);
    buttons.show(world);
    this.#showSnippet(holder);
  }

  /** @param {Holder} holder @param {Holders} holders */
  #showHolders(holder, holders) {
    const { who } = this.#app.ui;
    who.hidden = holders.connected.length < 2;
    const labels = holders.connected.map((one) => `${one.key}\n${holders.labelOf(one)}`).join('\n');
    if (this.#labels !== labels) {
      this.#labels = labels;
      find(who, 'div', HTMLElement).replaceChildren(
        ...holders.connected.map((one) => choice(one.key, holders.labelOf(one))),
      );
    }
    for (const input of who.querySelectorAll('input')) input.checked = input.value === holder.key;
  }

  /** @param {Holder} holder */
  #showToolsOf({ tools }) {
    const { ui } = this.#app;
    if (this.#tools === tools) return;
    this.#tools = tools;
    showTools(ui.toolList, tools ?? []);
    ui.toolCount.textContent = tools ? capital(count(tools.length, 'tool')) : '';
    ui.toolEmpty.hidden = Boolean(tools);
    const callable = (tools ?? []).filter((tool) => argumentsFor(tool, '') !== undefined);
    const [first] = callable;
    if (!first) return;
    const before = ui.tool.value;
    ui.tool.replaceChildren(...callable.map((tool) => new Option(`${tool.name} · ${hintOf(tool)}`, tool.name)));
    ui.tool.value = callable.some(({ name }) => name === before) ? before : first.name;
  }

  /** @param {Holder} holder */
  #showSnippet(holder) {
    const { latest, ui, world } = this.#app;
    const tool = holder.tools?.find(({ name }) => name === ui.tool.value);
    const tabs = snippetsFor({
      backend: world.backend,
      holder,
      ...latest,
      ...(tool && { tool: tool.name, given: argumentsFor(tool, ui.message.value) }),
    });
    this.#snippets.show(tabs);
  }
}

/** @param {Tool} tool */
function hintOf(tool) {
  if (tool.annotations?.readOnlyHint) return 'reads only';
  return isSafe(tool) ? 'safe to retry' : 'must not run twice';
}

/** @param {string} value @param {string} label */
function choice(value, label) {
  const element = document.createElement('label');
  const input = document.createElement('input');
  const text = document.createElement('span');
  Object.assign(input, { type: 'radio', name: 'who', value });
  text.textContent = label;
  element.append(input, text);
  return element;
}

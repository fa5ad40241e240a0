// Tabs of code (WAI-ARIA Authoring Practices, Tabs): one is in the tab order, arrow keys change the selection, which lasts over runs.
// @ts-check

import { find } from '../find.js';

/** @typedef {{ id: string, label: string, code: string }} Tab */

const steps = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1 });

export class CodeTabs {
  #list;
  #code;
  /** @type {Tab[]} */
  #tabs = [];
  /** Of the visitor's last choice. */
  #chosen = '';

  /** @param {HTMLElement} section */
  constructor(section) {
    this.#list = find(section, '[role="tablist"]', HTMLElement);
    this.#code = find(section, 'pre', HTMLElement);
    this.#code.id ||= 'code';
    // A region that scrolls has to be reachable by keyboard.
    this.#code.tabIndex = 0;
    this.#list.addEventListener('click', ({ target }) => {
      if (target instanceof HTMLButtonElement) this.#choose(target.dataset.tab ?? '');
    });
    this.#list.addEventListener('keydown', (event) => this.#move(event));
  }

  get text() {
    return this.#code.textContent ?? '';
  }

  /** @param {Tab[]} tabs */
  show(tabs) {
    const isSame = tabs.map(({ id }) => id).join() === this.#tabs.map(({ id }) => id).join();
    this.#tabs = tabs;
    // The same buttons keep the focus.
    if (!isSame) this.#list.replaceChildren(...tabs.map((tab) => button(tab, this.#code.id)));
    this.#select(this.#chosen);
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.#select(id);
  }

  /** @param {string} id */
  #select(id) {
    const tab = this.#tabs.find((other) => other.id === id) ?? this.#tabs[0];
    if (!tab) return;
    for (const element of this.#buttons) {
      const isSelected = element.dataset.tab === tab.id;
      element.setAttribute('aria-selected', String(isSelected));
      element.tabIndex = isSelected ? 0 : -1;
      if (isSelected) this.#code.setAttribute('aria-labelledby', element.id);
    }
    // The same text keeps a selection in it.
    if (this.#code.textContent !== tab.code) this.#code.textContent = tab.code;
  }

  get #buttons() {
    return /** @type {NodeListOf<HTMLButtonElement>} */ (this.#list.querySelectorAll('[role="tab"]'));
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const buttons = [...this.#buttons];
    const at = buttons.findIndex(({ id }) => id === document.activeElement?.id);
    const ends = /** @type {Record<string, number>} */ ({ Home: 0, End: buttons.length - 1 });
    const step = steps[event.key];
    const to = step === undefined ? ends[event.key] : (at + step + buttons.length) % buttons.length;
    const next = to === undefined ? undefined : buttons[to];
    if (at < 0 || !next) return;
    event.preventDefault();
    this.#choose(next.dataset.tab ?? '');
    next.focus();
  }
}

/** @param {Tab} tab @param {string} controls the id of the code */
function button({ id, label }, controls) {
  const element = document.createElement('button');
  Object.assign(element, { type: 'button', id: `tab-${id}`, textContent: label, role: 'tab' });
  element.dataset.tab = id;
  element.setAttribute('aria-controls', controls);
  return element;
}

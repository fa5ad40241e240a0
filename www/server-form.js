// The choice of the MCP server: the demo's, a simulated one, or any other, with the CORS headers that it must send.
// @ts-check

import { corsNeeded, ownBackend } from './backends/own.js';
import { find } from './find.js';

/** @import { Backend, BackendMaker } from './types.js' */

export class ServerForm {
  #details;
  #form;
  #problem;
  #own;
  #url;
  #headers;
  #choose;

  /**
   * @param {HTMLDetailsElement} details
   * @param {{ choose: (make: BackendMaker) => Promise<void>, makers: Record<string, BackendMaker> }} options `choose` gets what makes the chosen backend
   */
  constructor(details, { choose, makers }) {
    this.#details = details;
    this.#form = find(details, 'form', HTMLFormElement);
    this.#problem = find(details, '.problem', HTMLElement);
    this.#own = find(details, '.own', HTMLElement);
    this.#url = find(details, '[name="url"]', HTMLInputElement);
    this.#headers = find(details, '[name="headers"]', HTMLTextAreaElement);
    this.#choose = choose;
    find(details, '.cors', HTMLElement).textContent = corsNeeded();
    for (const radio of this.#radios) {
      const missing = radio.value !== 'own' && !makers[radio.value];
      radio.disabled = missing;
      radio.closest('label')?.toggleAttribute('data-missing', missing);
    }
    this.#form.addEventListener('change', () => this.#showOwn());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(makers);
    });
  }

  /** The selected kind of server. */
  get #radios() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.#form.querySelectorAll('[name="where"]'));
  }

  get #where() {
    return [...this.#radios].find(({ checked }) => checked)?.value;
  }

  /**
   * Shows the current backend.
   * @param {Backend['kind']} kind
   */
  show(kind) {
    for (const radio of this.#radios) radio.checked = radio.value === kind;
    this.#showOwn();
  }

  /** Opens the form with the fields for the visitor's own server. */
  ask() {
    this.#details.open = true;
    this.show('own');
    this.#url.focus();
  }

  /** @param {Record<string, BackendMaker>} makers */
  async #submit(makers) {
    this.#problem.textContent = '';
    try {
      const own = async () => ownBackend({ url: this.#url.value, headers: this.#headers.value });
      await this.#choose(makers[this.#where ?? ''] ?? own);
      this.#details.open = false;
    } catch (error) {
      this.#problem.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #showOwn() {
    const isOwn = this.#where === 'own';
    this.#own.hidden = !isOwn;
    this.#url.required = isOwn;
  }
}

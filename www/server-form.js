// Where the MCP server is: the choice between the demo's servers, simulated ones and any other, with what such a one has to allow.

import { corsNeeded, ownBackend } from './backends/own.js';

export class ServerForm {
  #details;
  #form;
  #problem;
  #choose;

  /** @param {HTMLDetailsElement} details @param {(make: () => Promise<object>) => Promise<void>} choose gets what makes the chosen backend */
  constructor(details, { choose, makers }) {
    this.#details = details;
    this.#form = details.querySelector('form');
    this.#problem = details.querySelector('.problem');
    this.#choose = choose;
    details.querySelector('.cors').textContent = corsNeeded();
    for (const radio of this.#form.elements.where) {
      const missing = radio.value !== 'own' && !makers[radio.value];
      radio.disabled = missing;
      radio.closest('label').toggleAttribute('data-missing', missing);
    }
    this.#form.addEventListener('change', () => this.#showOwn());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(makers);
    });
  }

  /** Shows which backend is in use. */
  show(kind) {
    this.#form.elements.where.value = kind;
    this.#showOwn();
  }

  /** Opens on the fields for a server of the visitor's own. */
  ask() {
    this.#details.open = true;
    this.show('own');
    this.#form.elements.url.focus();
  }

  async #submit(makers) {
    const { where, url, headers } = this.#form.elements;
    this.#problem.textContent = '';
    try {
      const own = () => ownBackend({ url: url.value, headers: headers.value });
      await this.#choose(where.value === 'own' ? own : makers[where.value]);
      this.#details.open = false;
    } catch (error) {
      this.#problem.textContent = error.message;
    }
  }

  #showOwn() {
    const own = this.#form.elements.where.value === 'own';
    this.#form.querySelector('.own').hidden = !own;
    this.#form.elements.url.required = own;
  }
}

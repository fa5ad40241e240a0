// The result box: a result, an error, or a pending call.
// @ts-check

import { explain, paragraph } from './errors.js';

/** @typedef {'good' | 'bad' | 'busy' | 'note'} Kind */

export class Outcome {
  #box;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
  }

  /**
   * Strings become paragraphs; returns a token for `replace`.
   * @param {Kind} kind
   * @param {(string | Node | undefined)[]} content
   */
  show(kind, ...content) {
    const parts = content
      .filter((part) => part !== undefined)
      .map((part) => (typeof part === 'string' ? paragraph(part) : part));
    this.#box.dataset.kind = kind;
    // Screen readers announce what is final, not each step on the way.
    this.#box.ariaBusy = String(kind === 'busy');
    this.#box.replaceChildren(...parts);
    return parts[0];
  }

  /** Adds a line to what is shown. @param {string} text */
  add(text) {
    this.#box.append(paragraph(text, true));
  }

  /** @param {unknown} error */
  error(error) {
    this.show('bad', ...explain(error));
  }

  /**
   * Replaces the content for `token`, unless newer content is shown.
   * @param {Node | undefined} token
   * @param {Kind} kind
   * @param {(string | Node | undefined)[]} content
   */
  replace(token, kind, ...content) {
    if (this.#box.firstElementChild === token) this.show(kind, ...content);
  }
}

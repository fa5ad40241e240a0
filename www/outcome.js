// The box that says what came back: an answer, an error in words, or what is being waited for.

import { explain, paragraph } from './errors.js';

export class Outcome {
  #box;

  constructor(box) {
    this.#box = box;
  }

  /** @param {'good' | 'bad' | 'busy' | 'note'} kind @param {(string | Node)[]} content strings become paragraphs; returns a token for `replace` */
  show(kind, ...content) {
    const parts = content.map((part) => (typeof part === 'string' ? paragraph(part) : part));
    this.#box.dataset.kind = kind;
    this.#box.replaceChildren(...parts);
    return parts[0];
  }

  error(error) {
    this.show('bad', ...explain(error));
  }

  /** Shows something in the place of what `token` stands for, unless something newer is there already. */
  replace(token, kind, ...content) {
    if (this.#box.firstElementChild === token) this.show(kind, ...content);
  }
}

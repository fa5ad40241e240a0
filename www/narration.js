// The narration of the last events, updated at most every 300 ms for screen readers; intermediate texts are skipped.
// @ts-check

const pace = 300;

export class Narration {
  #element;
  /** @type {string | undefined} */
  #story;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.#element = element;
  }

  /** @param {string} text */
  tell(text) {
    if (this.#story === text) return;
    const first = this.#story === undefined;
    this.#story = text;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#element.textContent = this.#story ?? '';
      },
      first ? 0 : pace,
    );
  }
}

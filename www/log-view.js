// The library's log: one line per entry, coloured by level, scrolled to the end unless the visitor scrolls up.
// @ts-check

const kept = 1000;

export class LogView {
  #box;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
  }

  /** @param {string} level @param {string} line */
  write(level, line) {
    const box = this.#box;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 24;
    const element = document.createElement('div');
    element.className = 'line';
    element.dataset.level = level;
    element.textContent = line;
    if (level === 'warn' || level === 'error') element.title = level;
    box.append(element);
    if (box.childElementCount > kept) box.firstElementChild?.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  /** @param {boolean} yes */
  showDebug(yes) {
    this.#box.toggleAttribute('data-hide-debug', !yes);
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  get text() {
    const lines = [...this.#box.children].filter(
      (line) => !this.#box.hasAttribute('data-hide-debug') || line.getAttribute('data-level') !== 'debug',
    );
    return lines.map((line) => line.textContent).join('\n');
  }
}

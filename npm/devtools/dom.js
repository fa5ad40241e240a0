// Creates elements without markup in strings, which Trusted Types would refuse.
// @ts-check

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | boolean>} [attributes]
 * @param {(Node | string)[]} content
 */
export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, '');
    else if (value !== false) element.setAttribute(key, value);
  }
  element.append(...content);
  return element;
}

/** @param {string} text @param {Record<string, string | boolean>} [attributes] */
export function button(text, attributes = {}) {
  return make('button', { type: 'button', ...attributes }, text);
}

// Creates SVG elements, with attributes rounded to screen precision.
// @ts-check

/** @typedef {Record<string, string | number>} Attributes */

/** @param {string} name @param {string} [className] */
export function make(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

/** @template {keyof SVGElementTagNameMap} Name @param {Name} name @param {Attributes} attributes */
export function draw(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(element, attributes);
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

// Making elements, and setting their attributes with no more digits than a screen has.

export function make(name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

export function draw(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  set(element, attributes);
  return element;
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

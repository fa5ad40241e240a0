// Finds elements that must exist.
// @ts-check

/**
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {abstract new () => T} kind
 * @returns {T}
 */
export function find(parent, selector, kind) {
  const element = parent.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} ${selector}`);
  return element;
}

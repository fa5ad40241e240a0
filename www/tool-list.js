// The server's tools, with the two annotations that decide whether a call may be retried.
// @ts-check

/** @import { Tool } from './types.js' */

/** @param {HTMLElement} list @param {Tool[]} tools */
export function showTools(list, tools) {
  list.replaceChildren(
    ...tools.map((tool) => {
      const entry = document.createElement('li');
      const name = document.createElement('code');
      name.textContent = tool.name;
      entry.append(name);
      if (tool.annotations?.readOnlyHint) entry.append(hint('reads only'));
      else if (tool.annotations?.idempotentHint) entry.append(hint('safe to retry'));
      const text = document.createElement('p');
      text.textContent = firstSentence(tool.description ?? tool.title ?? '');
      entry.append(text);
      return entry;
    }),
  );
}

/** @param {string} text */
function hint(text) {
  const element = document.createElement('span');
  element.className = 'hint';
  element.textContent = text;
  return element;
}

/** @param {string} text */
function firstSentence(text) {
  const end = text.search(/[.!?](\s|$)/);
  const sentence = end < 0 ? text : text.slice(0, end + 1);
  return sentence.length > 160 ? `${sentence.slice(0, 157)}…` : sentence;
}

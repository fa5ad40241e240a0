// A step of a diagnosis as a line: the mark of its outcome, its name, what was seen, and what to do.
// @ts-check

/** @import { Diagnosis } from 'mcp-tether' */
/** @typedef {typeof import('../../npm/diagnose.js')} Doctor */

const built = new URL('../pkg/diagnose.js', import.meta.url).href;

/** The diagnosis of the package, with its verdicts. @returns {Promise<Doctor>} */
export function loadDoctor() {
  return import(built);
}

/** @type {Record<string, string>} */
const titles = {
  reachable: 'Reachable',
  initialize: 'Handshake',
  sessionHeader: 'Session id',
  reuse: 'Reuse',
  terminate: 'Termination',
  cors: 'CORS',
  authorization: 'Login',
};
/** @type {Record<ReturnType<Doctor['outcomeOf']>, [mark: string, words: string]>} */
const marks = {
  passed: ['✓', 'passed'],
  advice: ['!', 'advice'],
  failed: ['✗', 'failed'],
  skipped: ['–', 'not tried'],
};

/** @param {Diagnosis['steps'][number]} step @param {keyof typeof marks} outcome */
export function stepLine({ name, detail, fix }, outcome) {
  const [sign, words] = marks[outcome];
  const item = document.createElement('li');
  const mark = document.createElement('span');
  const text = document.createElement('span');
  const title = document.createElement('b');
  Object.assign(mark, { className: 'mark', textContent: sign, role: 'img', ariaLabel: words });
  title.textContent = `${titles[name] ?? name}: `;
  text.append(title, detail);
  if (fix) text.append(Object.assign(document.createElement('span'), { className: 'fix', textContent: fix }));
  item.className = 'step';
  item.dataset.result = outcome;
  item.append(mark, text);
  return item;
}

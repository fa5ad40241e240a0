// A diagnosis: what to fix first, then its six steps. Steps that were not tried are neither passed nor failed.
// @ts-check

import { find } from './find.js';
import { capital, count } from './format.js';

/** @import { Diagnosis } from 'mcp-tether' */
/** @typedef {Diagnosis['steps'][number]} Step */

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
const marks = { passed: '✓', failed: '✗', 'not tried': '–' };

/**
 * Shows it, and returns the verdict.
 * @param {HTMLElement} section
 * @param {Diagnosis} diagnosis
 */
export function showDiagnosis(section, { steps }) {
  const failed = steps.filter((step) => resultOf(step) === 'failed');
  const verdict = failed.length === 0 ? 'All checks passed.' : `${capital(count(failed.length, 'check'))} failed.`;
  // The last one names the cause where others only refer to it.
  const fix = failed.findLast((step) => step.fix)?.fix;
  find(section, '#findings-title', HTMLElement).textContent = `The doctor: ${verdict}`;
  find(section, '#findings-fix', HTMLElement).textContent = fix ?? '';
  find(section, '#findings-steps', HTMLElement).replaceChildren(...steps.map(line));
  section.hidden = false;
  return fix ? `${verdict} ${fix}` : verdict;
}

/** @param {Step} step */
function line(step) {
  const { name, detail, fix } = step;
  const result = resultOf(step);
  const element = document.createElement('li');
  const mark = document.createElement('span');
  const words = document.createElement('span');
  const title = document.createElement('b');
  Object.assign(mark, { className: 'mark', textContent: marks[result] });
  title.textContent = `${titles[name] ?? name}: `;
  words.append(title, detail);
  if (fix) {
    const remedy = document.createElement('span');
    Object.assign(remedy, { className: 'fix', textContent: fix });
    words.append(remedy);
  }
  element.className = 'step';
  element.dataset.result = result;
  mark.setAttribute('aria-label', result);
  mark.setAttribute('role', 'img');
  element.append(mark, words);
  return element;
}

/** @param {Step} step @returns {keyof typeof marks} */
function resultOf({ ok, detail }) {
  if (/^not (tried|checked)/.test(detail)) return 'not tried';
  return ok ? 'passed' : 'failed';
}

// One step of a diagnosis as a line: the result, the finding and the fix.
// @ts-check

/** @import { Diagnosis } from 'mcp-tether' */

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

/** @param {Diagnosis['steps'][number]} step */
export function diagnosisStep({ name, ok, detail, fix }) {
  const line = document.createElement('p');
  const mark = document.createElement('span');
  const words = document.createElement('span');
  const title = document.createElement('b');
  Object.assign(mark, { className: 'mark', textContent: ok ? '✓' : '✗' });
  title.textContent = `${titles[name] ?? name}: `;
  words.append(title, detail);
  if (fix) {
    const remedy = document.createElement('span');
    Object.assign(remedy, { className: 'fix', textContent: fix });
    words.append(remedy);
  }
  line.className = 'step';
  line.dataset.ok = String(ok);
  mark.setAttribute('aria-label', ok ? 'passed' : 'failed');
  mark.setAttribute('role', 'img');
  line.append(mark, words);
  return line;
}

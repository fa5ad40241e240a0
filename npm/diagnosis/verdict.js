// The verdict on a diagnosis, for the command and for pages: can the server be used, and what is the one thing to fix first?
// @ts-check

import { oneForAll } from './refusals.js';

/** @import { Diagnosis } from '../index.js' */
/** @typedef {Diagnosis['steps'][number]} Step */
/**
 * @typedef {{
 *   state: 'good' | 'advice' | 'broken',
 *   words: string,
 *   step: Step | undefined,
 *   first: string | undefined,
 *   more: string[],
 *   topic: string | undefined,
 * }} Verdict `first` is the fix, `topic` the heading of docs/fixes.md with code for it
 */

/** What a step says. @param {Step} step @returns {'passed' | 'advice' | 'failed' | 'skipped'} */
export function outcomeOf({ name, ok, detail, fix }) {
  if (/^not (tried|checked)/.test(detail)) return 'skipped';
  if (ok) return fix === undefined ? 'passed' : 'advice';
  // How a session ends does not prevent its use; that no other can begin does.
  return name === 'terminate' && fix !== oneForAll ? 'advice' : 'failed';
}

/** @param {Diagnosis} diagnosis @returns {Verdict} */
export function verdictOf({ steps }) {
  const having = (/** @type {string} */ outcome) => steps.filter((step) => outcomeOf(step) === outcome);
  const failed = having('failed');
  const advised = having('advice');
  const step = failed.find(isCause) ?? failed.at(-1) ?? advised[0];
  // Each sentence of a step is a fix.
  const [first, ...more] = (step?.fix ?? '').split(/(?<=\.) (?=[A-Z])/);
  const [state, words] = outcome(failed.length, advised.length);
  return {
    state,
    words,
    step,
    first: first || undefined,
    more,
    topic: topics.find(([, pattern]) => pattern.test(first ?? ''))?.[0],
  };
}

/** @param {number} failed @param {number} advised @returns {[Verdict['state'], words: string]} */
function outcome(failed, advised) {
  if (failed > 0) return ['broken', `${failed} ${failed === 1 ? 'check' : 'checks'} failed`];
  return advised > 0 ? ['advice', 'The server can be used, and can be improved'] : ['good', 'All checks passed'];
}

/**
 * Other steps refer to the cause: one that was hidden, or a login that nothing leads to.
 * @param {Step} step @param {number} index @param {Step[]} failed
 */
function isCause({ fix = '' }, index, failed) {
  return !fix.startsWith('Fix the problem') && !(fix.startsWith('Pass credentials') && index < failed.length - 1);
}

/** The headings of docs/fixes.md, by the words of a fix. @type {[topic: string, pattern: RegExp][]} */
const topics = [
  ['cors', /^(Access-Control|The preflight)|to Access-Control-Expose/],
  ['login', /^(?!Pass).*(WWW-Authenticate|oauth-protected-resource)/],
  ['parser', /^Parse JSON/],
  ['body', /parsed body/],
  ['transport', /a transport/],
  ['host', /Host header|^Allow the origin/],
  ['compression', /compression/],
  ['buffering', /buffer/],
  ['get', /GET with 405/],
  ['slash', /^Configure the URL that the redirect/],
  ['end', /Answer 404|on DELETE/],
];

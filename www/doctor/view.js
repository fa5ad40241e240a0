// Shows a diagnosis: the verdict in a word, the one thing to fix in large type, its code, and the steps.
// @ts-check

import { find } from '../find.js';
import { fixes, forOrigin, frameworks } from './fixes.js';
import { CodeTabs } from './tabs.js';

/** @import { Diagnosis } from 'mcp-tether' */
/** @import { Framework } from './fixes.js' */
/** @typedef {typeof import('../../npm/diagnose.js')} Doctor */
/** @typedef {ReturnType<Doctor['verdictOf']>} Verdict */

/** @type {Record<Verdict['state'], [mark: string, words: string]>} */
const states = {
  good: ['✓', 'Usable'],
  advice: ['!', 'Usable, and can be improved'],
  broken: ['✗', 'Needs a fix'],
};
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

export class View {
  #section;
  #fix;
  #tabs;

  /** @param {HTMLElement} section */
  constructor(section) {
    this.#section = section;
    this.#fix = find(section, '#fix', HTMLElement);
    this.#tabs = new CodeTabs(this.#fix);
  }

  /** The code of the selected tab. */
  get code() {
    return this.#tabs.text;
  }

  /** @param {boolean} isBusy */
  set busy(isBusy) {
    this.#section.setAttribute('aria-busy', String(isBusy));
  }

  /**
   * Shows it, and returns what is announced.
   * @param {Diagnosis} diagnosis @param {Doctor} doctor @param {string} origin of the page
   */
  show(diagnosis, { verdictOf, outcomeOf }, origin) {
    const verdict = verdictOf(diagnosis);
    const [mark, state] = states[verdict.state];
    const what = [diagnosis.kind, diagnosis.protocolVersion].filter(Boolean).join(', ');
    const sentence = verdict.first ?? fine(diagnosis, verdict.words, origin);
    this.#section.dataset.state = verdict.state;
    this.#put('#state-mark', mark);
    this.#put('#state', `${state}${what && ` (${what})`}`);
    this.#put('#sentence', sentence);
    this.#put('#seen', verdict.step?.detail ?? '');
    this.#list('#more', verdict.more.map(paragraph));
    this.#list(
      '#steps',
      diagnosis.steps.map((step) => line(step, outcomeOf(step))),
    );
    this.#showFix(verdict.topic, origin);
    this.#section.hidden = false;
    return `${state}. ${sentence}`;
  }

  /** @param {string | undefined} topic @param {string} origin */
  #showFix(topic, origin) {
    const fix = fixes[topic ?? ''];
    this.#fix.hidden = !fix;
    if (!fix) return;
    const hasOrigin = Object.values(fix.code).some((code) => forOrigin(code, '') !== code);
    this.#put('#why', hasOrigin ? `${fix.why} The code allows ${origin}; add the origins of your pages.` : fix.why);
    const known = /** @type {[Framework, string][]} */ (Object.entries(frameworks));
    const tabs = known.flatMap(([id, label]) => {
      const code = fix.code[id];
      return code === undefined ? [] : [{ id, label, code: forOrigin(code, origin) }];
    });
    this.#tabs.show(tabs);
  }

  /** @param {string} selector @param {string} text */
  #put(selector, text) {
    find(this.#section, selector, HTMLElement).textContent = text;
  }

  /** @param {string} selector @param {HTMLElement[]} items */
  #list(selector, items) {
    const list = find(this.#section, selector, HTMLElement);
    list.replaceChildren(...items);
    list.hidden = items.length === 0;
  }
}

/** @param {Diagnosis} diagnosis @param {string} words @param {string} origin */
function fine({ kind, steps }, words, origin) {
  const asksForLogin = kind === undefined && steps.some(({ name }) => name === 'authorization');
  return asksForLogin
    ? 'The server asks for a login, and users can log in. Enter a token above to check the rest.'
    : `${words}: pages of ${origin} can use this server.`;
}

/** @param {string} text */
function paragraph(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}

/** @param {Diagnosis['steps'][number]} step @param {keyof typeof marks} outcome */
function line({ name, detail, fix }, outcome) {
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

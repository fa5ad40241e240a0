// Shows a diagnosis: the verdict in a word, the one thing to fix in large type, its code, and the steps.
// @ts-check

import { find } from '../find.js';
import { fixes, forOrigin, frameworks } from './fixes.js';
import { stepLine } from './steps.js';
import { CodeTabs } from './tabs.js';

/** @import { Diagnosis } from 'mcp-tether' */
/** @import { Framework } from './fixes.js' */
/** @import { Doctor } from './steps.js' */
/** @typedef {ReturnType<Doctor['verdictOf']>} Verdict */

/** @type {Record<Verdict['state'], [mark: string, words: string]>} */
const states = {
  good: ['✓', 'Usable'],
  advice: ['!', 'Usable, and can be improved'],
  broken: ['✗', 'Needs a fix'],
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
      diagnosis.steps.map((step) => stepLine(step, outcomeOf(step))),
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

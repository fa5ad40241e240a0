// The elements of index.html that the program reads or writes.
// @ts-check

import { faults } from './faults.js';

/** @import { DevtoolsElement } from 'mcp-tether/devtools' */

/** @typedef {ReturnType<typeof pageElements>} PageElements */

/** The session's facts, each in an element `session-<name>`. */
const facts = /** @type {const} */ ([
  'state',
  'id',
  'kind',
  'protocol',
  'generation',
  'recoveries',
  'inflight',
  'expires',
  'server',
]);
/** @typedef {Record<typeof facts[number], HTMLElement>} SessionFacts */

/** Creates the fault buttons, and finds all other elements. */
export function pageElements() {
  const whyBreak = byId('why-break', HTMLElement);
  const faultButtons = new Map(faults.map((fault) => [fault.id, faultButton(fault, whyBreak)]));
  byId('faults', HTMLElement).append(...faultButtons.values());
  return { ...controls(), ...views(), faultButtons, whyBreak };
}

/** Controls. */
function controls() {
  return {
    where: byId('where', HTMLDetailsElement),
    connectA: byId('connect-a', HTMLButtonElement),
    connectB: byId('connect-b', HTMLButtonElement),
    addUser: byId('add-user', HTMLButtonElement),
    addServer: byId('add-server', HTMLButtonElement),
    terminate: byId('terminate', HTMLButtonElement),
    diagnose: byId('diagnose', HTMLButtonElement),
    tool: byId('tool', HTMLSelectElement),
    message: byId('message', HTMLInputElement),
    callOne: byId('call-one', HTMLButtonElement),
    callMany: byId('call-many', HTMLButtonElement),
    callThousand: byId('call-thousand', HTMLButtonElement),
    thenCall: byId('then-call', HTMLInputElement),
    beside: byId('beside', HTMLInputElement),
    who: byId('who', HTMLFieldSetElement),
    export: byId('export', HTMLButtonElement),
    logDebug: byId('log-debug', HTMLInputElement),
    logCopy: byId('log-copy', HTMLButtonElement),
    snippetCopy: byId('snippet-copy', HTMLButtonElement),
  };
}

/** Output elements. */
function views() {
  return {
    version: byId('version', HTMLElement),
    weight: byId('weight', HTMLElement),
    notice: byId('notice', HTMLElement),
    setting: byId('setting', HTMLElement),
    whyConnect: byId('why-connect', HTMLElement),
    whyUse: byId('why-use', HTMLElement),
    result: byId('result', HTMLOutputElement),
    findings: byId('findings', HTMLElement),
    sessionTitle: byId('session-title', HTMLElement),
    facts: /** @type {SessionFacts} */ (
      Object.fromEntries(facts.map((fact) => [fact, byId(`session-${fact}`, HTMLElement)]))
    ),
    diagram: byId('diagram', SVGSVGElement),
    stateMeaning: byId('state-meaning', HTMLElement),
    // Used when `mcp-tether/devtools` is loaded.
    timeline: /** @type {DevtoolsElement} */ (byId('timeline', HTMLElement)),
    narration: byId('narration', HTMLElement),
    compare: byId('compare', HTMLElement),
    compareVersion: byId('compare-version', HTMLElement),
    compareSum: byId('compare-sum', HTMLElement),
    compareEmpty: byId('compare-empty', HTMLElement),
    compareRows: byId('compare-rows', HTMLTableSectionElement),
    log: byId('log', HTMLElement),
    stats: byId('stats', HTMLElement),
    take: byId('take', HTMLElement),
    snippet: byId('snippet', HTMLElement),
    toolList: byId('tool-list', HTMLUListElement),
    toolCount: byId('tool-count', HTMLElement),
    toolEmpty: byId('tool-empty', HTMLElement),
  };
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {abstract new () => T} kind
 * @returns {T}
 */
function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}

/** @param {import('./types.js').Fault} fault @param {HTMLElement} whyBreak */
function faultButton({ id, label, tells }, whyBreak) {
  const button = document.createElement('button');
  const about = document.createElement('span');
  Object.assign(button, { type: 'button', id, disabled: true });
  Object.assign(about, { id: `about-${id}`, className: 'unseen', textContent: tells });
  button.setAttribute('aria-describedby', about.id);
  button.append(label);
  whyBreak.after(about);
  return button;
}

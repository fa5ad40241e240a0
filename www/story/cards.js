// The card of the latest fault in three beats, and the grid that compares all faults played so far.
// @ts-check

import { find } from '../find.js';
import { count } from '../format.js';
import { storyFaults } from './faults.js';
import { survived } from './run.js';

/** @import { StoryCounted, StoryFault, StoryRun, StoryTally } from '../types.js' */

export class Cards {
  #title;
  #beats;
  #rows;
  #sum;
  /** @type {Map<string, StoryRun>} */
  #runs = new Map();

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#title = find(host, '#card-title', HTMLElement);
    this.#beats = /** @type {HTMLElement[]} */ ([...host.querySelectorAll('#card-beats > li > p')]);
    this.#rows = find(host, '#grid-rows', HTMLTableSectionElement);
    this.#sum = find(host, '#grid-sum', HTMLElement);
    if (this.#rows.rows.length === 0) this.#rows.append(...storyFaults.map(row));
  }

  /** What is left of the runs on the next page. */
  get record() {
    return [...this.#runs.values()].map(({ fault, ...run }) => ({ ...run, id: fault.id }));
  }

  /** @param {Cards['record']} record */
  restore(record) {
    for (const { id, ...run } of record) {
      const fault = storyFaults.find((one) => one.id === id);
      if (fault) this.#enter({ ...run, fault });
    }
  }

  /** @param {StoryFault} fault */
  begin({ label }) {
    this.#title.textContent = label;
    for (const beat of this.#beats) beat.textContent = '…';
  }

  /** A fault that was not played to its end. @param {StoryFault} fault */
  fail({ label }) {
    this.#title.textContent = label;
    this.#beats.forEach((beat, i) => {
      beat.textContent = i === 0 ? 'It was not played to its end.' : '–';
    });
  }

  /** @param {StoryRun} run */
  show(run) {
    this.#enter(run);
    const texts = [run.fault.broke(run), clientsInWords(run), countsInWords(run)];
    this.#title.textContent = run.fault.label;
    this.#beats.forEach((beat, i) => {
      beat.textContent = texts[i] ?? '';
    });
  }

  /** Into the grid. @param {StoryRun} run */
  #enter(run) {
    this.#runs.set(run.fault.id, run);
    const cells = this.#rows.querySelectorAll(`[data-row="${run.fault.id}"] td`);
    [run.ours, run.theirs].forEach((sum, i) => fill(cells[i], sum));
    this.#sum.textContent = this.#total();
  }

  #total() {
    const runs = [...this.#runs.values()];
    /** @type {(sums: StoryTally[]) => string} */
    const inWords = (sums) => `${sums.filter(survived).length} of ${sums.length}`;
    const theirs = runs.map((run) => run.theirs).filter(({ made }) => made > 0);
    const official = theirs.length > 0 ? ` · official client ${inWords(theirs)}` : '';
    return `Faults survived: mcp-tether ${inWords(runs.map((run) => run.ours))}${official}`;
  }
}

/** @param {StoryFault} fault */
function row({ id, chip }) {
  const element = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  head.textContent = chip;
  element.dataset.row = id;
  element.append(head, document.createElement('td'), document.createElement('td'));
  for (const cell of element.querySelectorAll('td')) cell.textContent = '–';
  return element;
}

/** @param {Element | undefined} cell @param {StoryTally} sum */
function fill(cell, sum) {
  if (!(cell instanceof HTMLElement) || sum.made === 0) return;
  const good = survived(sum);
  cell.dataset.good = String(good);
  const unknown = sum.unknown > 0 ? `, ${sum.unknown} unknown` : '';
  cell.textContent = `${good ? '✓' : '✗'} ${sum.answered} of ${sum.made}${unknown}`;
}

/** @param {StoryRun} run */
function clientsInWords({ ours, theirs, waited }) {
  const mine = `mcp-tether: ${sumInWords(ours)}; ${count(waited, 'call')} waited.`;
  return theirs.made > 0 ? `${mine} Official client: ${sumInWords(theirs)}.` : mine;
}

/** @param {StoryTally} sum */
function sumInWords({ made, answered, error }) {
  return `${answered} of ${made} calls answered${error ? `, the first error was “${error}”` : ''}`;
}

/** @param {StoryRun} run */
function countsInWords({ counted: { ours, theirs }, theirs: { made } }) {
  const mine = `For mcp-tether: ${countedInWords(ours)}.`;
  return made > 0 ? `${mine} For the official client: ${countedInWords(theirs)}.` : mine;
}

/** @param {StoryCounted} counted */
function countedInWords({ handshakes, requests, runs, repeated, charges }) {
  const paid = charges > 0 ? `, card charged ${charges}×` : '';
  const twice = repeated === 0 ? 'none twice' : `${repeated} twice`;
  return `${count(handshakes, 'handshake')}, ${count(requests, 'tool request')}, ${count(runs, 'run')} (${twice})${paid}`;
}

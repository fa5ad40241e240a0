// A diagnosis in the laboratory: the verdict of the doctor, what to fix first, then the steps.
// @ts-check

import { stepLine } from './doctor/steps.js';
import { find } from './find.js';

/** @import { Diagnosis } from 'mcp-tether' */
/** @import { Doctor } from './doctor/steps.js' */

/**
 * Shows it, and returns the verdict.
 * @param {HTMLElement} section
 * @param {Diagnosis} diagnosis
 * @param {Doctor} doctor
 */
export function showDiagnosis(section, diagnosis, { outcomeOf, verdictOf }) {
  const { state, words, first, more } = verdictOf(diagnosis);
  const fix = [first, ...more].filter(Boolean).join(' ');
  find(section, '#findings-title', HTMLElement).textContent = `The doctor: ${words}.`;
  find(section, '#findings-fix', HTMLElement).textContent = fix;
  find(section, '#findings-steps', HTMLElement).replaceChildren(
    ...diagnosis.steps.map((step) => stepLine(step, outcomeOf(step))),
  );
  section.dataset.state = state;
  section.hidden = false;
  return { state, text: `${words}. ${fix}`.trim() };
}

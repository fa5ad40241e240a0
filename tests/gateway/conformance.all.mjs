// All server scenarios of the tasks extension (SEP-2663), directly and through the gateway.
import { after, before, describe, test } from 'node:test';
import { compareExtension, startBoth } from './conformance.mjs';
import { startTasksEverything } from './servers/everything-tasks.mjs';

// `tasks-status-notifications` is missing: the suite has nothing for it yet, and skips it.
const scenarios = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
];

describe('conformance: the tasks extension, directly and through the gateway', () => {
  let both;
  before(async () => (both = await startBoth({ tasks: await startTasksEverything() })));
  after(() => both.stop());

  for (const name of scenarios) test(name, (t) => compareExtension(t, both, 'tasks', [name]));
});

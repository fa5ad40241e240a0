// Fails on an unparsable file of .github, an action without a version, a target or script that does not exist, or a
// workflow that could publish by mistake.
// usage: node tools/check-workflows.mjs [<folder>]

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? join(root, '.github');
const targets = new Set(
  [...readFileSync(join(root, 'Makefile'), 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name),
);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yml'));
const problems = files.flatMap((file) =>
  checkFile(file).map((problem) => `${join(relative(root, folder), file)}: ${problem}`),
);
for (const problem of problems) console.error(problem);
console.error(`workflows: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 || files.length === 0 ? 1 : 0;

function checkFile(file) {
  const document = parseDocument(readFileSync(join(folder, file), 'utf8'));
  const found = [...document.errors, ...document.warnings].map(({ message }) => message);
  if (found.length > 0) return found;
  const content = document.toJS();
  const steps = [content.runs, ...Object.values(content.jobs ?? {})].flatMap((job) => job?.steps ?? []);
  if (file.startsWith('workflows') && steps.length === 0) return ['has no steps'];
  return [
    ...steps.flatMap((step) => [...checkUse(step.uses), ...checkCommands(step.run ?? '')]),
    ...checkPublishing(content),
  ];
}

/** Publishing cannot be taken back: it is started by hand, is a dry run unless that is switched off, and follows the tests. */
function checkPublishing({ on, jobs = {} }) {
  const publishing = Object.entries(jobs).filter(([, { steps = [] }]) => steps.some(isPublishing));
  if (publishing.length === 0) return [];
  const input = on?.workflow_dispatch?.inputs?.['dry-run'];
  return [
    ...(Object.keys(on).join() === 'workflow_dispatch' ? [] : ['publishes without being started by hand']),
    ...(input?.type === 'boolean' && input.default === true
      ? []
      : ['publishes, and its input dry-run is not on by default']),
    ...publishing.flatMap(([name, job]) => checkPublishingJob(jobs, job).map((problem) => `job ${name} ${problem}`)),
  ];
}

function checkPublishingJob(jobs, job) {
  const steps = job.steps.filter(isPublishing);
  const real = steps.filter(({ run }) => !run.includes('--dry-run'));
  const isSigned = real.every(({ run }) => !run.includes('npm publish') || run.includes('--provenance'));
  const needsToken = real.some(({ run }) => run.includes('--provenance'));
  return [
    ...(real.every((step) => step.if === '${{ !inputs.dry-run }}') ? [] : ['publishes in a dry run']),
    ...(real.length < steps.length ? [] : ['has no dry run']),
    ...(isSigned ? [] : ['publishes to npm without provenance']),
    ...(!needsToken || job.permissions?.['id-token'] === 'write'
      ? []
      : ['may not sign the provenance: id-token: write']),
    ...(followsTests(jobs, job) ? [] : ['does not need a job that runs make test']),
  ];
}

function isPublishing({ run = '' }) {
  return /\b(npm|cargo) publish\b/.test(run);
}

function followsTests(jobs, { needs = [] }) {
  return [needs].flat().some((name) => {
    const { steps = [] } = jobs[name] ?? {};
    return steps.some(({ run }) => run === 'make test') || followsTests(jobs, jobs[name] ?? {});
  });
}

function checkUse(uses) {
  if (uses === undefined) return [];
  if (uses.startsWith('./')) return existsSync(join(root, uses, 'action.yml')) ? [] : [`there is no action ${uses}`];
  return /@(v\d+(\.\d+)*|[0-9a-f]{40})$/.test(uses) ? [] : [`${uses} names no version`];
}

function checkCommands(commands) {
  const makes = [...commands.matchAll(/\bmake ([a-z-]+)/g)].map(([, target]) => target);
  const scripts = [...commands.matchAll(/(?<![.\w/])tools\/[\w.-]+/g)].map(([script]) => script);
  return [
    ...makes.filter((target) => !targets.has(target)).map((target) => `make has no target ${target}`),
    ...scripts.filter((script) => !existsSync(join(root, script))).map((script) => `there is no ${script}`),
  ];
}

// Fails on an unparsable file of .github, an action without a version, or a target or script that does not exist.
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
  return steps.flatMap((step) => [...checkUse(step.uses), ...checkCommands(step.run ?? '')]);
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

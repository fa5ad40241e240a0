// Fails on a link, a path or a function in the documents that does not exist.
// usage: node tools/check-links.mjs [<document>…]
//
// Checked are links and their anchors, and in `code`: paths with a known extension or a trailing slash, which may be cut at the front
// (`machine/outbound/calls.rs`), with braces and stars, and functions as `calls.rs::request`.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter(Boolean);
const folders = new Set(files.flatMap((file) => parents(file)));
const paths = [...files, ...[...folders].map((folder) => `${folder}/`)];

// What a build, an installation or a test run leaves is not in the tree.
const GENERATED =
  /^(?:\/|~|https?:|pkg\/|target\/|\.tools|node_modules|gateway\/dist|www\/bundled|fuzz\/artifacts|artifacts)/;
const PATH = /^\.{0,2}[\w@*{},./-]+(?:\.(?:rs|m?js|m?ts|d\.ts|md|toml|sh|py|json|yml|html|css|lua)|\/)$/;
const FUNCTION = /^(\S+\.rs)::(\w+)$/;

const given = process.argv.slice(2);
const documents =
  given.length > 0
    ? given
    : files.filter((file) => /^(?:ARCHITECTURE|CONTRIBUTING|README|SECURITY|docs\/[^/]+)(?:\.md)$/.test(file));
const problems = documents.flatMap((document) => checkDocument(document));
for (const problem of problems) console.error(problem);
console.error(`links: ${documents.length} documents, ${problems.length} problems`);
process.exitCode = problems.length > 0 || documents.length === 0 ? 1 : 0;

function checkDocument(document) {
  const found = [];
  for (const [index, line] of withoutFences(read(document)).entries()) {
    const complain = (what) => found.push(`${document}:${index + 1}: ${what}`);
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      const problem = checkLink(document, target);
      if (problem) complain(problem);
    }
    for (const [, code] of line.matchAll(/`([^`]+)`/g)) {
      for (const path of expand(code)) {
        const problem = checkCode(document, path);
        if (problem) complain(problem);
      }
    }
  }
  return found;
}

function checkLink(document, target) {
  if (/^(?:https?|mailto):/.test(target)) return undefined;
  const [path, anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (!files.includes(file) && !folders.has(file.replace(/\/$/, ''))) return `the link ${target} leads nowhere`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return headings(file).includes(anchor) ? undefined : `${file} has no heading #${anchor}`;
}

function checkCode(document, code) {
  const [, path, name] = code.match(FUNCTION) ?? [undefined, code];
  if (!PATH.test(path) || GENERATED.test(path)) return undefined;
  const matching = find(document, path);
  if (matching.length === 0) return `there is no ${path}`;
  if (name === undefined) return undefined;
  const defines = new RegExp(`\\bfn ${name}\\b`);
  return matching.some((file) => defines.test(read(file))) ? undefined : `${path} has no function ${name}`;
}

/** Files and folders that a path may mean: from the root, from the document's folder, or cut at the front. */
function find(document, path) {
  const near = normalize(join(dirname(document), path));
  const pattern = new RegExp(`(?:^|/)${path.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
  return paths.filter((candidate) => candidate === near || pattern.test(candidate));
}

function expand(code) {
  const braces = code.match(/^([^{}]*)\{([^{}]*)\}(.*)$/);
  if (!braces?.[2].includes(',')) return [code];
  const [, before, inner, after] = braces;
  return inner.split(',').flatMap((part) => expand(before + part.trim() + after));
}

function withoutFences(text) {
  let fenced = false;
  return text.split('\n').map((line) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    return fenced || /^\s*```/.test(line) ? '' : line;
  });
}

/** Anchors as GitHub makes them. */
function headings(file) {
  return withoutFences(read(file))
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    );
}

function parents(file) {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

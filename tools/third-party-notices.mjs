// Writes THIRD-PARTY-NOTICES: the licences of the crates linked into the module and of the npm packages in the bundles.
// usage: node tools/third-party-notices.mjs <output> [--features <cargo features>] <entry of a bundle>…
//        node tools/third-party-notices.mjs <output> --folders <JSON file: the folders of packages, of nothing else>

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const {
  positionals: [output, ...entries],
  values: { features, folders: list },
} = parseArgs({
  allowPositionals: true,
  options: { features: { type: 'string', default: '' }, folders: { type: 'string' } },
});

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const LLVM_EXCEPTION = `Apache License, Version 2.0 (its text is in LICENSE-APACHE), with this exception:

As an exception, if, as a result of your compiling your source code, portions of this Software are embedded into an
Object form of such source code, you may redistribute such embedded portions in such Object form without complying with
the conditions of Sections 4(a), 4(b) and 4(d) of the License.

In addition, if you combine or link compiled forms of this Software with software that is licensed under the GPLv2
("Combined Software") and if a court of competent jurisdiction determines that the patent provision (Section 3), the
indemnity provision (Section 9) or other Section of the License conflicts with the conditions of the GPLv2, you may
retroactively and prospectively choose to deem waived or otherwise exclude such Section(s) of the License, but only in
their entirety and only with respect to the Combined Software.`;

// The standard library is linked in as well, but no lock file of ours lists it, and its source component has no licence
// files.
const standardLibrary = [
  { name: 'Rust standard library (core, alloc, std, hashbrown, cfg-if)', licence: 'MIT OR Apache-2.0', texts: [MIT] },
  {
    name: 'Rust standard library (compiler_builtins)',
    licence: 'MIT AND Apache-2.0 WITH LLVM-exception',
    texts: [MIT, LLVM_EXCEPTION],
  },
];

const notices = list
  ? JSON.parse(readFileSync(list, 'utf8')).map(noticeOf)
  : [...linkedCrates(), ...standardLibrary, ...(await bundledPackages())];
writeFileSync(output, render(notices));

/** The crates whose code is in the module: no build dependencies, no procedural macros, and not our own. */
function linkedCrates() {
  const options = [
    '--format-version=1',
    '--filter-platform=wasm32-unknown-unknown',
    '--locked',
    `--features=package,${features}`,
  ];
  const text = execFileSync('cargo', ['metadata', ...options], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const { packages, resolve } = JSON.parse(text);
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set();
  const visit = (id) => {
    if (linked.has(id) || crates.get(id).targets.some(({ kind }) => kind.includes('proc-macro'))) return;
    linked.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg);
    }
  };
  visit(resolve.root);
  linked.delete(resolve.root);
  return [...linked].map((id) => {
    const { name, version, license, authors, manifest_path: manifest } = crates.get(id);
    return notice(`${name} ${version}`, license, authors, dirname(manifest));
  });
}

async function bundledPackages() {
  if (entries.length === 0) return [];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: 'unused',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    logLevel: 'error',
    conditions: ['workerd', 'worker', 'browser'],
    // Named as entries if they are ours, and not bundled if they are the host's.
    external: ['mcp-tether', 'gateway-module', 'raw-json', 'tldts', 'landing-*', 'cloudflare:*', 'node:*', '*.wasm'],
  });
  const marker = `node_modules${sep}`;
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const at = input.lastIndexOf(marker);
    if (at < 0) continue;
    const [scope, name] = input.slice(at + marker.length).split(sep);
    folders.add(join(root, input.slice(0, at), 'node_modules', scope, scope.startsWith('@') ? name : ''));
  }
  return [...folders].map(noticeOf);
}

function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return notice(`${name} ${version}`, license, [author?.name ?? author ?? `the authors of ${name}`], folder);
}

function notice(name, licence, authors, folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|copyright|notice|unlicense)/i.test(file));
  // If there is a choice, MIT is used, and the text of the other licence left out.
  const choosesMit = /\bMIT\b/.test(licence) && files.some((file) => /mit/i.test(file));
  const chosen = files.filter((file) => !(choosesMit && /apache/i.test(file))).sort();
  const texts = chosen.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0) {
    if (!/^MIT\b|\bMIT$/.test(licence ?? ''))
      throw new Error(`${name} (${licence}) comes without the text of its licence`);
    texts.push(`Copyright (c) ${authors.join(', ') || `the authors of ${name}`}\n\n${MIT}`);
  }
  return { name, licence, texts };
}

/** One section for each set of texts, under the names of all projects that have them. */
function render(all) {
  const sections = new Map();
  for (const { name, licence, texts } of all) {
    // Projects break the same paragraphs at different columns: unbroken they are the same, and compress better.
    const text = texts
      .join('\n\n')
      .replaceAll('\r\n', '\n')
      .replace(/(\S)\n(?=[^\s*-])(?!Copyright)/g, '$1 ');
    const names = sections.get(text) ?? [];
    sections.set(text, [...names, `${name} (${licence})`]);
  }
  const rule = '-'.repeat(80);
  const bodies = [...sections].map(([text, names]) => `${rule}\n${names.sort().join('\n')}\n${rule}\n\n${text}\n`);
  return `This package contains code of the following projects. Where a licence is a choice, MIT was chosen.\n\n${bodies.sort().join('\n')}`;
}

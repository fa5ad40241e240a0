// Prints the package's size and fails if it is over the limit, or if the module contains something that must not be
// published.
// usage: node tools/check-package.mjs <package folder> [--unoptimized <module before wasm-opt>]

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const {
  positionals: [folder],
  values: { unoptimized },
} = parseArgs({
  allowPositionals: true,
  options: { unoptimized: { type: 'string' } },
});

// The files that a page downloads for the main entry.
const downloads = {
  'mcp_tether_bg.wasm': ['mcp_tether_bg.wasm'],
  // Including the glue.
  'browser.js': ['browser.js'],
};

/** Bytes of mcp-tether/oauth in brotli, which is loaded by those who log in. */
const oauthLimit = 10_240;

const problems = [
  ...checkModule(join(folder, 'mcp_tether_bg.wasm')),
  ...checkGlue(join(folder, 'browser.js')),
  ...checkFirstStatement(join(folder, 'browser.js')),
  ...checkCopies(folder),
  ...checkSizes(weigh()),
  ...checkOAuth(join(folder, 'oauth.js')),
];
for (const problem of problems) console.error(`package: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

function weigh() {
  const rows = [];
  for (const [what, files] of Object.entries(downloads)) {
    const row = { what, raw: 0, gzip: 0, brotli: 0 };
    for (const file of files) {
      const bytes = readFileSync(join(folder, file));
      row.raw += bytes.length;
      row.gzip += gzipSync(bytes, { level: 9 }).length;
      row.brotli += brotli(bytes);
    }
    rows.push(row);
  }
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  rows.push({ what: 'total', raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') });
  console.log(`${'bytes'.padEnd(20)}${'raw'.padStart(9)}${'gzip'.padStart(9)}${'brotli'.padStart(9)}`);
  for (const { what, raw, gzip, brotli } of rows) {
    console.log(what.padEnd(20) + [raw, gzip, brotli].map((bytes) => String(bytes).padStart(9)).join(''));
  }
  return rows.at(-1);
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
}

function checkSizes(total) {
  const budget = readBudget();
  const found = [];
  if (total.brotli > budget['brotli-goal'])
    console.error(
      `package: ${total.brotli} bytes in brotli; the goal is ${budget['brotli-goal']}, the limit ${budget['brotli-limit']}`,
    );
  if (total.brotli > budget['brotli-limit'])
    found.push(`${total.brotli} bytes in brotli, the limit is ${budget['brotli-limit']}`);
  if (total.gzip > budget['gzip-limit'])
    found.push(`${total.gzip} bytes in gzip, the limit is ${budget['gzip-limit']}`);
  return found;
}

function checkOAuth(path) {
  const bytes = brotli(readFileSync(path));
  console.log(`oauth: ${bytes} bytes in brotli`);
  return bytes > oauthLimit ? [`oauth.js has ${bytes} bytes in brotli, the limit is ${oauthLimit}`] : [];
}

function readBudget() {
  const text = readFileSync(fileURLToPath(new URL('../wasm-pack.toml', import.meta.url)), 'utf8');
  const table = text.split(/^\[size-budget\]$/m)[1]?.split(/^\[/m)[0] ?? '';
  const budget = {};
  for (const [, key, number] of table.matchAll(/^([a-z-]+) = ([\d_]+)$/gm))
    budget[key] = Number(number.replaceAll('_', ''));
  for (const key of ['brotli-goal', 'brotli-limit', 'gzip-limit']) {
    if (!(budget[key] > 0)) throw new Error(`[size-budget] in wasm-pack.toml has no ${key}`);
  }
  return budget;
}

function checkModule(path) {
  const bytes = readFileSync(path);
  const module = new WebAssembly.Module(bytes);
  const found = [];
  // The glue, by the name that tools/name-imports.mjs gives it.
  const glue = readFileSync(join(path, '../browser.js'), 'utf8');
  const strangers = new Set(
    WebAssembly.Module.imports(module)
      .map((entry) => entry.module)
      .filter((name) => !glue.includes(`${name}:{__proto__:null`)),
  );
  // "env" would mean that something expects an operating system.
  if (strangers.size > 0) found.push(`the module imports from ${[...strangers].join(', ')}`);
  for (const section of ['name', 'producers']) {
    if (WebAssembly.Module.customSections(module, section).length > 0)
      found.push(`the module still has its ${section} section`);
  }
  if (/\/(root|home|Users)\//.test(bytes.toString('latin1')))
    found.push('the module contains a path of the build machine');
  if (unoptimized !== undefined) {
    const before = statSync(unoptimized).size;
    console.log(`wasm-opt: ${before} bytes before, ${bytes.length} after`);
    if (bytes.length >= before * 0.97) found.push('wasm-opt saved almost nothing: did it run?');
  }
  return found;
}

function checkGlue(path) {
  const text = readFileSync(path, 'utf8');
  // js_sys::Function::new_no_args and similar functions end here. workerd throws on it, and so does a page with a
  // strict policy.
  return /new Function\(|\beval\(/.test(text)
    ? ['the glue compiles strings to code, which workerd and a strict Content-Security-Policy forbid']
    : [];
}

// The download starts before anything else of the page's file runs.
function checkFirstStatement(path) {
  const text = readFileSync(path, 'utf8');
  const found = [];
  if (/^import\b|\bfrom *["']/m.test(text))
    found.push('browser.js imports another file, which costs a page a round trip');
  const start = text.indexOf('fetch(new URL("./mcp_tether_bg.wasm",import.meta.url)');
  if (start < 0 || start > 200) found.push('browser.js does not begin with the download of the module');
  return found;
}

// In a page browser.js has all of core.js in it, so nothing else that a page may load can import that.
function checkCopies(folder) {
  const allowed = new Set(['edge.js', 'node.js', 'slim.js', 'workerd.js']);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js') && !allowed.has(name))
    .filter((name) => /["']\.\/(slim|core)\.js["']/.test(readFileSync(join(folder, name), 'utf8')))
    .map(
      (name) => `${name} would bring a page a second copy of the library: let it import what it needs of npm/ itself`,
    );
}

// Replaces the long names of the module's imports and exports in the glue by wasm-opt's short ones. The long ones
// contain hashes, which do not compress: 3 KB of every download.
// usage: node tools/trim-glue.mjs <glue> <module> < <output of wasm-opt --minify-imports-and-exports-and-modules>

import { readFileSync, writeFileSync } from 'node:fs';
import { fingerprint, withModuleName } from './name-imports.mjs';

const [, , path, module] = process.argv;
const { imports, exports } = JSON.parse(readFileSync(0, 'utf8'));
const shortImports = new Map(imports.map(([, long, short]) => [long, short]));
const shortExports = new Map(exports.map(([long, short]) => [long, short]));

let glue = readFileSync(path, 'utf8');

// A function of another module that needs no conversion is imported directly from it. wasm-opt merged all modules into
// one.
const own = imports.map(([module]) => module).find((module) => module.endsWith('_bg.js'));
const direct = imports.filter(([module]) => module !== own);
// npm/node.js replaces the first, npm/slim.js calls the second, which the gateway's module has under its own name.
const shared = Object.entries({ deferred: 'deferred', isPlain: 'isPlain', isObject: 'isPlain' }).filter(([own]) =>
  direct.some(([, name]) => name === own),
);
if (direct.length > 0) {
  const lines = direct.map(([module, name]) => `import { ${name} as direct_${name} } from "${module}";\n`);
  glue = glue.replace(/^(?:import \* as import\d+ from .*\n)+/m, () => lines.join(''));
  glue = glue.replace(/^ +".*": import\d+,\n/gm, (line) => (line.includes(`"${own}"`) ? line : ''));
  const members = direct.map(([, name]) => `        ${name}: direct_${name},\n`);
  glue = glue.replace(/(const import0 = \{\n +__proto__: null,\n)/, (whole) => whole + members.join(''));
}
// wasm-bindgen writes each import as a member of one object, each use of an export as a member of `wasm`.
glue = glue.replace(
  /^( +)(\w+)(: function\()/gm,
  (_whole, before, long, after) => before + taken(shortImports, long) + after,
);
glue = glue.replace(/^( +)(\w+)(: \w+,)$/gm, (whole, before, long, after) =>
  shortImports.has(long) ? before + taken(shortImports, long) + after : whole,
);
glue = glue.replace(/\bwasm\.(\w+)/g, (_whole, long) => `wasm.${shortExports.get(long) ?? unknown(long)}`);
const name = fingerprint([imports, exports]);
glue = glue.replaceAll(`"${own}"`, `"${name}"`);
writeFileSync(module, withModuleName(readFileSync(module), name));

// A throwing import is wrapped in a function of its own, created for each call. A plain try is equivalent.
glue = glue.replace(
  /function\(\) \{ return handleError\(function \(([^)]*)\) \{\n([\s\S]*?)\n {8}\}, arguments\); \}/g,
  'function($1) { try {\n$2\n        } catch (error) { handleError(error); } }',
);
glue = glue.replace(
  /function handleError\(f, args\) \{\n {4}try \{\n.*\n {4}\} catch \(e\) \{\n([\s\S]*?)\n {4}\}\n\}/,
  'function handleError(e) {\n$1\n}',
);
if (/handleError\((?!e(rror)?\))/.test(glue)) throw new Error('the glue catches errors in an unknown way');

// The package's own timers hide the host's, and the glue constructs the package's errors.
glue = `import { McpError } from "./error.js";\nimport { clearTimeout, holdProcess, setTimeout } from "./timers.js";\n${glue}`;

// Closures that are called once, or by a timer alone, need no guard against being called while they run.
glue = glue.replace(/\nfunction makeMutClosure\([\s\S]*?\n\}\n/, '\n').replaceAll('makeMutClosure(', 'makeClosure(');

// Parts of the glue that npm/load.js never uses: it compiles and starts the module itself, once, and a host with externref
// has TextEncoder.encodeInto.
const superfluous = [
  [/if \(realloc === undefined\) \{\n[^}]*\}\n/, ''],
  // The only function that checks this is `resolve`.
  [/throw new Error\(`expected instance of \$\{klass\.name\}`\);/, "throw new Error('not an McpManager');"],
  // When the memory grows, its former buffer is detached and has no bytes.
  [
    /if \(cachedDataViewMemory0 === null \|\| cachedDataViewMemory0\.buffer\.detached[^{]*\{/,
    'if (!cachedDataViewMemory0?.buffer.byteLength) {',
  ],
  [
    /if \(cachedUint8ArrayMemory0 === null \|\| cachedUint8ArrayMemory0\.byteLength === 0\) \{/,
    'if (!cachedUint8ArrayMemory0?.byteLength) {',
  ],
  [/if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?\n\}\n/, ''],
  [
    /(?: +table\.set\(\d+, ".*"\);\n)+/,
    (sets) =>
      `        [${[...sets.matchAll(/".*"/g)]}].forEach((word, index) => table.set(${sets.match(/\d+/)} + index, word));\n`,
  ],
  [/return x === undefined \|\| x === null;/, 'return x == null;'],
  [/let wasmModule, wasmInstance, wasm;/, 'let wasm;'],
  [/ +wasmInstance = instance;\n/, ''],
  [/ +wasmModule = module;\n/, ''],
  [/function __wbg_finalize_init\(instance, module\)/, 'function __wbg_finalize_init(instance)'],
  [
    /async function __wbg_load\([\s\S]*export \{ initSync, __wbg_init as default \};/,
    `export { ${['__wbg_get_imports as imports', '__wbg_finalize_init as finish', ...shared.map(([own, name]) => `direct_${own} as ${name}`)].join(', ')} };`,
  ],
];
for (const [pattern, replacement] of superfluous) {
  if (!glue.match(pattern)) throw new Error(`the glue has no match for ${pattern}`);
  glue = glue.replace(pattern, replacement);
}

if (shortImports.size > 0) throw new Error(`the glue has no ${[...shortImports.keys()].join(', ')}`);
writeFileSync(path, glue);

function taken(names, long) {
  const short = names.get(long) ?? unknown(long);
  names.delete(long);
  return short;
}

function unknown(long) {
  throw new Error(`the module has no ${long}`);
}

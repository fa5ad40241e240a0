// Replaces the long names of the module's imports and exports in the glue by wasm-opt's short ones. The long ones
// contain hashes, which do not compress: 3 KB of every download.
// usage: node tools/trim-glue.mjs <glue> < <output of wasm-opt --minify-imports-and-exports-and-modules>

import { readFileSync, writeFileSync } from 'node:fs';

const path = process.argv[2];
const { imports, exports } = JSON.parse(readFileSync(0, 'utf8'));
const shortImports = new Map(imports.map(([, long, short]) => [long, short]));
const shortExports = new Map(exports.map(([long, short]) => [long, short]));

let glue = readFileSync(path, 'utf8');

// A function of a snippet that needs no conversion is imported directly from the snippet, as from a module of its own.
// wasm-opt merged all modules into one.
const direct = imports.filter(([module]) => module.startsWith('./snippets/'));
if (direct.length > 0) {
  const names = direct.map(([, name]) => `${name} as snippet_${name}`).join(', ');
  glue = glue.replace(/^(?:import \* as import\d+ from .*\n)+/m, () => `import { ${names} } from "${direct[0][0]}";\n`);
  glue = glue.replace(/^ +"\.\/snippets\/.*": import\d+,\n/gm, '');
  glue = glue.replace(
    /(const import0 = \{\n +__proto__: null,\n)/,
    (whole) => whole + direct.map(([, name]) => `        ${name}: snippet_${name},\n`).join(''),
  );
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
const [own] = imports.find(([module]) => !module.startsWith('./snippets/'));
glue = glue.replaceAll(`"${own}"`, `"a"`);

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

// Parts of the glue that npm/load.js never uses: it compiles and starts the module itself, once, and a host with externref
// has TextEncoder.encodeInto.
const superfluous = [
  [/if \(realloc === undefined\) \{\n[^}]*\}\n/, ''],
  [/if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?\n\}\n/, ''],
  [/let wasmModule, wasmInstance, wasm;/, 'let wasm;'],
  [/ +wasmInstance = instance;\n/, ''],
  [/ +wasmModule = module;\n/, ''],
  [/function __wbg_finalize_init\(instance, module\)/, 'function __wbg_finalize_init(instance)'],
  [
    /async function __wbg_load\([\s\S]*export \{ initSync, __wbg_init as default \};/,
    'export { __wbg_get_imports as imports, __wbg_finalize_init as finish };',
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

// Gives the glue the short names that wasm-opt gave to the module's imports and exports. The long ones hold hashes, which
// nothing compresses: 3 KB of every download.
// usage: node tools/trim-glue.mjs <glue> < <what wasm-opt --minify-imports-and-exports-and-modules printed>

import { readFileSync, writeFileSync } from 'node:fs';

const path = process.argv[2];
const { imports, exports } = JSON.parse(readFileSync(0, 'utf8'));
const shortImports = new Map(imports.map(([, long, short]) => [long, short]));
const shortExports = new Map(exports.map(([long, short]) => [long, short]));

let glue = readFileSync(path, 'utf8');

// A function of a snippet that needs no conversion is imported straight from it, as from a module of its own. wasm-opt made one module of all.
const direct = imports.filter(([module]) => module.startsWith('./snippets/'));
if (direct.length > 0) {
  const names = direct.map(([, name]) => `${name} as snippet_${name}`).join(', ');
  glue = glue.replace(/^(?:import \* as import\d+ from .*\n)+/m, () => `import { ${names} } from "${direct[0][0]}";\n`);
  glue = glue.replace(/^ +"\.\/snippets\/.*": import\d+,\n/gm, '');
  glue = glue.replace(/(const import0 = \{\n +__proto__: null,\n)/, (whole) => whole + direct.map(([, name]) => `        ${name}: snippet_${name},\n`).join(''));
}
// wasm-bindgen writes each import as a member of one object, each use of an export as a member of `wasm`.
glue = glue.replace(/^( +)(\w+)(: function\()/gm, (whole, before, long, after) => before + taken(shortImports, long) + after);
glue = glue.replace(/^( +)(\w+)(: \w+,)$/gm, (whole, before, long, after) => (shortImports.has(long) ? before + taken(shortImports, long) + after : whole));
glue = glue.replace(/\bwasm\.(\w+)/g, (whole, long) => `wasm.${shortExports.get(long) ?? unknown(long)}`);
const [own] = imports.find(([module]) => !module.startsWith('./snippets/'));
glue = glue.replaceAll(`"${own}"`, `"a"`);


// An import that may throw is wrapped in a function of its own, made for each call. A plain try does the same.
glue = glue.replace(/function\(\) \{ return handleError\(function \(([^)]*)\) \{\n([^]*?)\n {8}\}, arguments\); \}/g, 'function($1) { try {\n$2\n        } catch (error) { handleError(error); } }');
glue = glue.replace(/function handleError\(f, args\) \{\n {4}try \{\n.*\n {4}\} catch \(e\) \{\n([^]*?)\n {4}\}\n\}/, 'function handleError(e) {\n$1\n}');
if (/handleError\((?!e(rror)?\))/.test(glue)) throw new Error('the glue catches errors in another way than it did');

// What loads the module: from a URL or a request, a response, bytes, or a module.
const loader = `async function instantiate(source, imports) {
  if (typeof source === 'string' || source instanceof URL || source instanceof Request) source = fetch(source);
  source = await source;
  if (source instanceof Response) {
    if (!source.ok) throw new Error(\`failed to fetch Wasm: \${source.status} \${source.statusText} fetching '\${source.url}'\`);
    try {
      return await WebAssembly.instantiateStreaming(source, imports);
    } catch (error) {
      if (source.headers.get('content-type') === 'application/wasm') throw error;
      console.warn('served without the type application/wasm, which takes longer to compile:', error);
    }
    source = await source.arrayBuffer();
  }
  return WebAssembly.instantiate(source, imports);
}

export default async function load(source = new URL('mcp_tether_bg.wasm', import.meta.url)) {
  const made = await instantiate(source, __wbg_get_imports());
  // Of a module there is an instance, of anything else the two of them.
  __wbg_finalize_init(made.instance ?? made);
}

export function loadSync(module) {
  if (!(module instanceof WebAssembly.Module)) module = new WebAssembly.Module(module);
  if (!wasm) __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()));
}
`;

// The package's own timers hide the host's, and the class of its errors is known to it by name.
glue = `import { McpError } from "./error.js";\nimport { clearTimeout, holdProcess, setTimeout } from "./timers.js";\n${glue}`;

// Closures that are called once, or by a timer alone, need no guard against being called while they run.
glue = glue.replace(/\nfunction makeMutClosure\([^]*?\n\}\n/, '\n').replaceAll('makeMutClosure(', 'makeClosure(');

// What slim.js never asks of the glue: it loads once and hands over what it got, and a host with externref has TextEncoder.encodeInto, and streams modules.
const superfluous = [
  [/if \(realloc === undefined\) \{\n[^}]*\}\n/, ''],
  [/if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[^]*?\n\}\n/, ''],
  [/(?: +table\.set\(\d+, ".*"\);\n)+/, (sets) => `        [${[...sets.matchAll(/".*"/g)]}].forEach((word, index) => table.set(${sets.match(/\d+/)} + index, word));\n`],
  [/return x === undefined \|\| x === null;/, 'return x == null;'],
  [/let wasmModule, wasmInstance, wasm;/, 'let wasm;'],
  [/ +wasmInstance = instance;\n/, ''],
  [/ +wasmModule = module;\n/, ''],
  [/async function __wbg_load\([^]*$/, loader],
];
for (const [pattern, replacement] of superfluous) {
  if (!glue.match(pattern)) throw new Error(`the glue has nothing like ${pattern}`);
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

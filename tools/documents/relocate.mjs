// Makes a built VitePress site work from any folder: VitePress writes the site's address into pages and programs, here a placeholder, which is
// replaced by the folder of the page that is open.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const placeholder = '/__docs__/';
const folder = 'globalThis.__docsBase';
const findFolder = `<script>${folder}=new URL("./",location.href).pathname</script>`;

/** @param {string} site its folder; all its pages are in it, and none in a folder below */
export async function relocate(site) {
  const names = await readdir(site, { recursive: true });
  for (const name of names.filter((file) => /\.(?:html|js|css)$/.test(file))) {
    const path = join(site, name);
    const text = await readFile(path, 'utf8');
    if (name.endsWith('.html') && name.includes('/'))
      throw new Error(`${name}: a page in a folder would need other links`);
    const moved = name.endsWith('.html') ? movedPage(await startedLater(text)) : movedFile(text);
    const left = moved.replaceAll('\\/__docs__\\/', '').split(placeholder).length - 1;
    if (left > 0 && !moved.includes(`${String.raw`/\/__docs__\//g`}`))
      throw new Error(`${name}: the placeholder is left`);
    if (moved !== text) await writeFile(path, moved);
  }
}

/** The page without its program, and with a script that starts it when it is needed. */
async function startedLater(text) {
  const preload = /\s*<link rel="modulepreload" href="([^"]*)">/g;
  const module = /\s*<script type="module" src="([^"]*)"><\/script>/;
  const chunks = [...text.matchAll(preload)].map(([, href]) => href);
  const [, program] = module.exec(text) ?? [];
  if (!program) throw new Error('a page without a program');
  const script = `import { startWhenNeeded } from './start-when-needed.mjs';
    startWhenNeeded(${JSON.stringify(program)}, ${JSON.stringify(chunks)});`;
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
  });
  const [{ text: code }] = outputFiles;
  return text
    .replace(preload, '')
    .replace(module, '')
    .replace('</head>', () => `<script>${code.trim()}</script>\n</head>`);
}

/** In scripts of a page the placeholder is part of JSON texts; elsewhere it begins addresses. */
function movedPage(text) {
  return text
    .replace(/<script>([\s\S]*?)<\/script>/g, (script) => script.replaceAll(placeholder, `"+${folder}+"`))
    .replaceAll(placeholder, './')
    .replace('<head>', `<head>${findFolder}`);
}

/** The index of the search replaces its own, when it is loaded. */
function movedFile(text) {
  if (text.includes(String.raw`/\/__docs__\//g`)) return text;
  return text.replace(/(["'])\/__docs__\/([^"'\\`]*)\1/g, (_, quote, rest) => `(${folder}+${quote}${rest}${quote})`);
}

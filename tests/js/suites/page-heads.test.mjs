// The heads of the demo's pages: they are plain files without a build, so what they have in common is written in each, and compared here.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

const www = new URL('../../../www/', import.meta.url);
const names = (await readdir(www, { recursive: true })).filter((name) => /^(?!pkg|bundled).*\.html$/.test(name));
const pages = new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, www), 'utf8')])));
const policyOf = (html) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1].split('; ');

describe('each page', () => {
  for (const [name, html] of pages)
    test(name, () => {
      assert.match(html, /^<!-- .* -->\n<!doctype html>\n<html lang="en">\n<head>\n {2}<meta charset="utf-8">\n/);
      assert.match(html, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
      assert.match(html, /<title>[^<]+<\/title>/);
      const policy = policyOf(html);
      for (const part of ["default-src 'none'", "base-uri 'none'", "form-action 'none'"])
        assert.ok(policy?.includes(part), part);
      // No code and no style from elsewhere, and none in the page itself.
      for (const part of policy.filter((text) => /^(script|style)-src/.test(text)))
        assert.match(part, /^\S+ 'self'(?: 'wasm-unsafe-eval')?$/);
    });
});

test('the pages that visitors open have the same icon and colours', () => {
  const opened = ['index.html', 'doctor.html', 'trace.html'].map((name) => pages.get(name));
  const inCommon = (html) => html.match(/ {2}<(?:link rel="icon"|meta name="(?:color-scheme|theme-color)").*/g);
  assert.equal(inCommon(opened[0]).length, 4);
  for (const html of opened.slice(1)) assert.deepEqual(inCommon(html), inCommon(opened[0]));
});

/** The modules that are loaded with one of the pages' programs: what it imports, and what that imports. */
async function modulesOf(name, known = new Set()) {
  const code = await readFile(new URL(name, www), 'utf8');
  for (const [, path] of code.matchAll(/^(?:import|export) (?:.* from )?'(\.[^']+)';$/gm)) {
    const file = new URL(path, new URL(name, www)).href.slice(www.href.length);
    if (known.has(file)) continue;
    known.add(file);
    await modulesOf(file, known);
  }
  return known;
}

test('the first screen requests all its modules in one round trip', async () => {
  const links = [...pages.get('index.html').matchAll(/<link rel="modulepreload" href="([^"]*)">/g)].map(([, to]) => to);
  const own = links.filter((to) => !to.startsWith('pkg/'));
  assert.deepEqual(own, [...(await modulesOf('start.js'))].sort());
});

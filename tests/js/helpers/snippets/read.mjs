// The programs in the documents: each block of JavaScript or TypeScript, made whole with what its text takes for granted.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './project.mjs';

// What a block may use without a word, if it does not declare or import it itself; each may use those before it.
const givens = {
  init: "import init from 'mcp-tether';\nawait init();",
  McpManager: "import { McpManager } from 'mcp-tether';",
  indexedDbStorage: "import { indexedDbStorage } from 'mcp-tether/storage';",
  React: "import * as React from 'react';",
  config: "const config = { mcpServers: { notes: { url: 'http://127.0.0.1:3000/mcp' } } };",
  manager: "import { McpManager } from 'mcp-tether';\nconst manager = new McpManager(config);",
  auth: "import { fileStorage, loopback, oauth } from 'mcp-tether/oauth';\nconst auth = oauth({ authorize: loopback(), storage: fileStorage('credentials.json') });",
  session: "const session = await manager.connect('ada', 'notes');",
};

/**
 * All blocks of the README and of the documents. `<!-- not run: reason -->` before a block says that it is only compiled.
 * A block whose first line is a path, such as `// src/mcp.ts`, is that file of an application, and complete.
 * @returns {Promise<{ name: string, file: string | undefined, language: string, code: string, whole: string, notRun: string | undefined }[]>}
 */
export async function readSnippets() {
  const documents = await readdir(join(root, 'docs'));
  const files = ['README.md', ...documents.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  const found = await Promise.all(files.map(async (file) => blocksOf(file, await readFile(join(root, file), 'utf8'))));
  return found.flat();
}

function blocksOf(file, text) {
  const blocks = [];
  for (const match of text.matchAll(/(?:<!-- not run: (.*) -->\n+)?```(js|ts|jsx|tsx)\n([\s\S]*?)```/g)) {
    const [, notRun, language, code] = match;
    const line = text.slice(0, match.index + match[0].indexOf('```')).split('\n').length;
    const [, path] = /^\/\/ ((?:src|app)\/\S+\.tsx?)\n/.exec(code) ?? [];
    blocks.push({
      name: `${file}:${line}`,
      file: path,
      language,
      code,
      whole: path ? code : completed(code),
      notRun,
    });
  }
  return blocks;
}

/** The block with the givens that it uses, and with an end if it has none. */
function completed(code) {
  const names = new Set();
  const uses = (text, name) => new RegExp(`(?<![.\\w'/-])${name}\\b(?!['/-]|:)`).test(text);
  const declares = (name) =>
    new RegExp(`(const|let|function|class|using) +(\\{[^}]*)?${name}\\b`).test(code) ||
    new RegExp(`import [^;]*\\b${name}\\b[^;]* from`).test(code);
  const want = (text) => {
    for (const [name, given] of Object.entries(givens))
      if (!names.has(name) && uses(text, name) && !declares(name)) {
        names.add(name);
        want(given.replace(/^import .*$/gm, ''));
      }
  };
  want(code.replace(/ \/\/ .*$/gm, ''));
  if (!declares('init') && (names.has('McpManager') || names.has('manager'))) names.add('init');
  const lines = new Set(Object.keys(givens).flatMap((name) => (names.has(name) ? givens[name].split('\n') : [])));
  const isOpen = names.has('manager') || (/new McpManager/.test(code) && /const manager/.test(code));
  const end = isOpen && !/manager\.close\(/.test(code) ? 'await manager.close();' : '';
  return `${[...lines].join('\n')}\n${code}\n${end}\nexport {};\n`;
}

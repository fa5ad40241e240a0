// Writes docs/fixes.md from the fixes of the doctor page (www/doctor/fixes.js). `--check` only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { fixes, frameworks, languages } from '../www/doctor/fixes.js';

const place = new URL('../docs/fixes.md', import.meta.url);

function page() {
  const parts = Object.entries(fixes).map(([topic, { title, why, code }]) => {
    const blocks = Object.entries(code).map(
      ([framework, text]) => `${frameworks[framework]}:\n\n\`\`\`${languages[framework]}\n${text}\n\`\`\`\n`,
    );
    return `<a id="${topic}"></a>\n\n## ${title}\n\n${why}\n\n${blocks.join('\n')}`;
  });
  return `# Fixes

What \`mcp-tether doctor\` and the doctor page (\`www/doctor.html\`) name, as code to copy. Each piece is run by a test in a server of its framework:
broken without it, usable with it. Replace \`https://app.example\` by the origins of your pages, \`mcp.example\` by the host of your server, and
\`https://auth.example\` by your authorization server. Written by \`node tools/write-fixes.mjs\`.

${parts.join('\n')}`;
}

if (!process.argv.includes('--check')) await writeFile(place, page());
else if ((await readFile(place, 'utf8').catch(() => '')) !== page()) {
  console.error('docs/fixes.md is not what www/doctor/fixes.js says: run `node tools/write-fixes.mjs`');
  process.exitCode = 1;
}

// The blocks of docs/cors.md by the title of their section, for the generator: one source for both.

import { readFileSync } from 'node:fs';

const document = new URL('../../cors.md', import.meta.url);

export default {
  watch: [document.pathname],
  load() {
    const sections = readFileSync(document, 'utf8').split(/^## /m).slice(1);
    return sections.flatMap((section) => {
      const [title] = section.split('\n', 1);
      const code = /```(?!ts|sh)\w+\n([\s\S]*?)```/.exec(section)?.[1];
      return code?.includes('https://app.example') ? [{ title, code: code.trimEnd() }] : [];
    });
  },
};

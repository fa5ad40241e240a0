// The program of the page: the first screen at once; the laboratory below it, with its modules and the devtools, when it comes near.
// @ts-check

import { demoBackend } from './backends/demo.js';
import { simulatedBackend } from './backends/simulated.js';
import { copy } from './copy.js';
import { find } from './find.js';
import { loadLibrary } from './library.js';
import { Story } from './story/story.js';

const story = find(document, '#story', HTMLElement);
const sentence = find(story, '#sentence', HTMLElement);
const install = find(story, '#install', HTMLElement);
const installCopy = find(story, '#install-copy', HTMLButtonElement);
// It is not on npm yet; the package lies beside this page.
install.textContent = `npm install ${new URL('mcp-tether.tgz', document.baseURI)}`;
installCopy.addEventListener('click', () => copy(installCopy, install.textContent ?? '', install));

const library = loadLibrary();
const demo = demoBackend();
const backend = demo.then((real) => real ?? simulatedBackend());

async function tellStory() {
  const [built, { story: server }] = await Promise.all([library, backend]);
  if (server) await Story.open(story, built, server);
}

tellStory().catch((error) => {
  sentence.textContent = `The server of this screen cannot be reached: ${error.message}`;
});

const nearby = new IntersectionObserver(
  async ([entry]) => {
    if (!entry?.isIntersecting) return;
    nearby.disconnect();
    const { openLaboratory } = await import('./app.js');
    await openLaboratory({ library, demo, backend });
  },
  { rootMargin: '25%' },
);
nearby.observe(find(document, '#lab', HTMLElement));

// The lanes alone: real servers with `make demo`, else simulated ones.
// @ts-check

import { demoBackend } from '../backends/demo.js';
import { simulatedBackend } from '../backends/simulated.js';
import { find } from '../find.js';
import { loadLibrary } from '../library.js';
import { Story } from './story.js';

async function start() {
  const [library, demo] = await Promise.all([loadLibrary(), demoBackend()]);
  const { story } = demo ?? (await simulatedBackend());
  if (story) await Story.open(find(document, '#story', HTMLElement), library, story);
}

start().catch((error) => {
  find(document, '#sentence', HTMLElement).textContent = `This cannot be shown here: ${error.message}`;
});

// The default theme of VitePress in the look of the demo page, the generator of CORS lines, and the live lanes.

import DefaultTheme from 'vitepress/theme-without-fonts';
import CorsGenerator from './cors-generator.js';
import LiveLane from './live-lane.js';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('CorsGenerator', CorsGenerator);
    app.component('LiveLane', LiveLane);
    if (!import.meta.env.SSR) layOutEntries();
  },
};

/**
 * Until this program runs, entries of the reference are laid out when they come into view (style.css). It scrolls to places that it computes, and so needs
 * the whole layout. What is in view stays where it is.
 */
function layOutEntries() {
  const seen = [...document.querySelectorAll('.entry')].find((entry) => entry.getBoundingClientRect().bottom > 0);
  const before = seen?.getBoundingClientRect().top ?? 0;
  document.documentElement.classList.add('is-running');
  if (seen && scrollY > 0) scrollBy(0, seen.getBoundingClientRect().top - before);
}

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
  },
};

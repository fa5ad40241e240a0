// The default theme of VitePress in the look of the demo page, and the generator of CORS lines.

import DefaultTheme from 'vitepress/theme-without-fonts';
import CorsGenerator from './cors-generator.js';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('CorsGenerator', CorsGenerator);
  },
};

import '@builder.io/qwik/qwikloader.js';
import { component$, render, useVisibleTask$ } from '@builder.io/qwik';
import { show } from './page.js';

const App = component$(() => {
  useVisibleTask$(show, { strategy: 'document-ready' });
  return <p>Qwik</p>;
});

render(document.getElementById('app'), <App />);

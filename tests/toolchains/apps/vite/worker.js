import { ask } from './application.js';

addEventListener('message', ({ data }) => {
  ask(data).then(postMessage, (error) => postMessage(String(error)));
});

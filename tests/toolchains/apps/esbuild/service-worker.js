import { ask } from './application.js';

addEventListener('message', (event) => {
  const reply = (answer) => event.source.postMessage(answer);
  event.waitUntil(ask(event.data).then(reply, (error) => reply(String(error))));
});

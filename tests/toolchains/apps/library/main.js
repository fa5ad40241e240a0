import { ask } from 'notes-library';

ask(new URLSearchParams(location.search).get('server')).then((answer) => {
  document.documentElement.dataset.answer = answer;
});

// In a page: the server's address comes in the query, what the tool said goes onto the root element.

import { ask } from './application.js';

export async function show() {
  const { dataset } = document.documentElement;
  try {
    dataset.answer = await ask(new URLSearchParams(location.search).get('server'));
  } catch (error) {
    dataset.answer = `${error.name}: ${error.message}`;
  }
}

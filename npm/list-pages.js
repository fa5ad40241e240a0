// Reads the pages of a list after the first one. Loaded by slim.js on demand.

import { McpError } from './error.js';

// With more pages, the cursors of the server probably repeat.
const MAX_PAGES = 100;

const members = ['tools', 'resources', 'resourceTemplates', 'prompts'];

/**
 * Joins all pages: `first`, requested at the time `since`, and the following ones.
 *
 * @template {import('./index.js').PaginatedResult} Page
 * @param {Page} first
 * @param {(params: object, options: import('./index.js').RequestOptions) => Promise<Page>} list reads a page
 * @param {object | undefined} params
 * @param {import('./index.js').RequestOptions | undefined} options `timeout` bounds each page, `maxTotalTimeout` all of them
 * @param {number} since
 * @returns {Promise<Page>}
 */
export async function readOn(first, list, params, options, since) {
  const { nextCursor, ...all } = first;
  const member = members.find((name) => name in first);
  const pages = [first[member]];
  let cursor = nextCursor;
  while (cursor) {
    if (pages.length === MAX_PAGES)
      throw new McpError(`the list has more than ${MAX_PAGES} pages: request them one by one, with a cursor`, {
        code: 'limit_exceeded',
      });
    const page = await list({ ...params, cursor }, { ...options, ...rest(options, since) });
    const items = page[member] ?? [];
    // A server that does not get on, as the official client has it.
    if (page.nextCursor === cursor && JSON.stringify(items) === JSON.stringify(pages.at(-1))) break;
    pages.push(items);
    cursor = page.nextCursor;
  }
  return { ...all, [member]: pages.flat() };
}

function rest(options, since) {
  const bound = options?.maxTotalTimeout;
  return bound === undefined ? {} : { maxTotalTimeout: Math.max(1, bound - (Date.now() - since)) };
}

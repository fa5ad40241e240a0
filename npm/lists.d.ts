import type { McpError, McpManager, McpSession, Prompt, Resource, Tool } from './index.js';

/** What to do when a list has changed: the `listChanged` of the official client, in the same shape. */
export interface ListHandler<Item> {
  /** Gets the new list, or the error of reading it. Both are null with `autoRefresh: false`. */
  onChanged: (error: McpError | null, items: Item[] | null) => void;
  /** Read the list before `onChanged` is called. Default: true. */
  autoRefresh?: boolean;
  /** Changes within this time, in milliseconds, are one. Default: 300. */
  debounceMs?: number;
}

export interface ListHandlers {
  tools?: ListHandler<Tool>;
  prompts?: ListHandler<Prompt>;
  resources?: ListHandler<Resource>;
}

/**
 * Calls handlers with the new list when the server says that it has changed (`notifications/…/list_changed`), and when it is another one after a
 * recovery. Notification handlers of the session get the notifications all the same.
 *
 * @returns A function that ends it.
 */
export function watchLists(manager: McpManager, session: McpSession, handlers: ListHandlers): () => void;

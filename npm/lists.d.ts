import type { McpError, McpManager, McpSession, Prompt, Resource, Tool } from './index.js';

/** Handles changes of a list, in the shape of the official client's `listChanged`. */
export interface ListHandler<Item> {
  /** Called with the new list, or with the error of reading it. Both are null with `autoRefresh: false`. */
  onChanged: (error: McpError | null, items: Item[] | null) => void;
  /** Read the list before `onChanged` is called. Default: true. */
  autoRefresh?: boolean | undefined;
  /** Changes within this number of milliseconds are merged. Default: 300. */
  debounceMs?: number | undefined;
}

export interface ListHandlers {
  tools?: ListHandler<Tool> | undefined;
  prompts?: ListHandler<Prompt> | undefined;
  resources?: ListHandler<Resource> | undefined;
}

/**
 * Calls handlers with the new list when the server announces a change (`notifications/…/list_changed`), and when the list differs after a recovery.
 * Notification handlers of the session still get the notifications.
 *
 * @returns A function that ends this.
 */
export function watchLists(manager: McpManager, session: McpSession, handlers: ListHandlers): () => void;

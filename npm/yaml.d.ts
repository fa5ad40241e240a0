import type { McpConfig } from './index.js';

/**
 * Reads a YAML document that has `mcpServers` at its top and returns the object that {@link McpManager} takes.
 * Other keys at the top are left out. `${NAME}` and `{{name}}` stay as they are: the manager replaces them.
 *
 * Needs the npm package `yaml` beside this one.
 *
 * @throws McpError `config_error` if the text is not YAML or has no `mcpServers`.
 */
export function parseConfig(text: string): McpConfig;

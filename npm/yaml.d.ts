import type { McpConfig } from './index.js';

/**
 * Parses a YAML document with a top-level `mcpServers` and returns the configuration for {@link McpManager}.
 * Other top-level keys are ignored. `${NAME}` and `{{name}}` stay as they are: the manager replaces them.
 *
 * Needs the npm package `yaml`.
 *
 * @throws McpError `config_error` if the text is not YAML or has no `mcpServers`.
 */
export function parseConfig(text: string): McpConfig;

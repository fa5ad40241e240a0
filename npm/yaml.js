// Reads the YAML form of the configuration. Apart from the main entry, so that only those who use it load a YAML parser.
// @ts-check

import { parse } from 'yaml';
import { McpError } from './error.js';

/** @import { McpConfig } from './index.js' */

/** @param {string} text @returns {McpConfig} */
export function parseConfig(text) {
  /** @type {unknown} */
  let document;
  try {
    document = parse(text);
  } catch (cause) {
    throw configError(`not YAML: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  if (!isMapping(document) || !isMapping(document.mcpServers)) {
    throw configError('mcpServers: the document has to have this key, with one entry a server');
  }
  // A chat application's file holds more than ours; the rest is none of the manager's business.
  return { mcpServers: /** @type {McpConfig['mcpServers']} */ (document.mcpServers) };
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isMapping(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {string} message @param {unknown} [cause] */
function configError(message, cause) {
  return new McpError(message, { code: 'config_error', ...(cause !== undefined && { cause }) });
}

// Reads the configuration from YAML. A separate entry, because it needs a YAML parser.
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
    throw configError(`the document is not valid YAML: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  if (!isMapping(document) || !isMapping(document.mcpServers)) {
    throw configError('mcpServers: the document must have this key, with one entry per server');
  }
  // Configuration files of chat applications also have other keys.
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

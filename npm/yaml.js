// Reads the YAML form of the configuration. Apart from the main entry, so that only those who use it load a YAML parser.

import { parse } from 'yaml';
import { McpError } from './error.js';

export function parseConfig(text) {
  let document;
  try {
    document = parse(text);
  } catch (cause) {
    throw configError(`not YAML: ${cause.message}`, cause);
  }
  if (!isMapping(document) || !isMapping(document.mcpServers)) {
    throw configError('mcpServers: the document has to have this key, with one entry a server');
  }
  // A chat application's file holds more than ours; the rest is none of the manager's business.
  return { mcpServers: document.mcpServers };
}

function isMapping(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function configError(message, cause) {
  return new McpError(message, { code: 'config_error', ...(cause && { cause }) });
}

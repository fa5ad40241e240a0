// The messages that the diagnosis sends, with and without sessions, and how their responses are recognised.
// @ts-check

import { version } from '../package.json';

/** @import { Answer, Message } from './types.js' */

/** The newest revision with sessions, and those before it. */
export const newestLegacy = '2025-11-25';
export const legacyVersions = [newestLegacy, '2025-06-18', '2025-03-26', '2024-11-05'];
/** The revision without sessions. */
export const modernVersion = '2026-07-28';

const clientInfo = { name: 'mcp-tether-doctor', version };
let lastId = 0;

/**
 * Ids are not reused (MCP 2025-11-25, Base Protocol, Requests).
 * @param {string} method
 * @param {object} [params]
 * @returns {Message & { id: number, method: string }}
 */
export function request(method, params) {
  lastId += 1;
  return { jsonrpc: '2.0', id: lastId, method, ...(params && { params }) };
}

/** @param {string} protocolVersion */
export const initialize = (protocolVersion) => request('initialize', { protocolVersion, capabilities: {}, clientInfo });
/** @returns {Message & { method: string }} */
export const initialized = () => ({ jsonrpc: '2.0', method: 'notifications/initialized' });

/**
 * A request of 2026-07-28: each carries the fields of the former `initialize` (Base Protocol, _meta).
 * @param {string} method
 */
export function modernRequest(method) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': modernVersion,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': clientInfo,
  };
  return request(method, { _meta });
}

/**
 * The headers that mirror such a request (MCP 2026-07-28, Streamable HTTP).
 * @param {string} method
 */
export const modernHeaders = (method) => ({ 'mcp-protocol-version': modernVersion, 'mcp-method': method });

/**
 * Whether the server speaks 2026-07-28. A result without its members comes from an older server that answers every method.
 * @param {Pick<Answer, 'status' | 'message'>} answer
 */
export function isModern({ status, message }) {
  const { supportedVersions, capabilities } = message?.result ?? {};
  if (status !== undefined && status < 300)
    return Array.isArray(supportedVersions) && supportedVersions.includes(modernVersion) && Boolean(capabilities);
  return isModernRefusal(message?.error);
}

/**
 * HeaderMismatch, MissingRequiredClientCapability, UnsupportedProtocolVersion (MCP 2026-07-28, Error Codes).
 * @param {Message['error']} error
 */
export function isModernRefusal(error) {
  if (error?.code === -32022) return error.data?.supported?.includes?.(modernVersion) ?? false;
  return error?.code === -32020 || error?.code === -32021;
}

/** @param {Answer} answer */
export const isInitializeResult = ({ message }) => typeof message?.result?.protocolVersion === 'string';

/**
 * An id is 1 or more characters of visible ASCII (MCP 2025-11-25, Transports, Session Management).
 * @param {string} id
 */
export const isLegalId = (id) => /^[\x21-\x7e]{1,8192}$/.test(id);

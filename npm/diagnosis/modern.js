// A server of 2026-07-28, without sessions.
// @ts-check

import { quoted } from './discreet.js';
import { modernHeaders, modernRequest, modernVersion } from './messages.js';
import { explain, said } from './refusals.js';

/** @import { Answer, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

const noSessions = { ok: true, detail: 'not needed: this server keeps no sessions' };

export class Modern {
  kind = /** @type {const} */ ('modern');
  protocolVersion = modernVersion;
  /** Methods and headers that CORS must allow. */
  methods = ['POST'];
  requestHeaders = ['mcp-protocol-version', 'mcp-method', 'mcp-name'];

  /** @param {Wire} wire @param {Answer} answer */
  constructor(wire, answer) {
    this.wire = wire;
    this.answer = answer;
  }

  /** @returns {Finding} */
  initialize() {
    const result = this.answer.message?.result;
    if (!result) {
      const fix = this.wire.hides
        ? 'Fix the problem reported by the cors step.'
        : 'Check the log of the server: it rejects a request that its protocol revision defines.';
      return { ok: false, detail: `speaks 2026-07-28, but server/discover failed: ${said(this.answer)}`, fix };
    }
    const { name = 'an unnamed server', version = '' } = result._meta?.['io.modelcontextprotocol/serverInfo'] ?? {};
    return {
      ok: true,
      detail: `not needed: ${quoted(`${name} ${version}`, 80)} answers server/discover and speaks ${modernVersion}`,
    };
  }

  /** @returns {Finding} */
  sessionHeader() {
    const id = this.answer.headers?.get('mcp-session-id') ?? null;
    return id === null
      ? noSessions
      : {
          ok: true,
          detail: `${noSessions.detail} (it sends an Mcp-Session-Id, which has no meaning in ${modernVersion})`,
        };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    const answer = await this.wire.post(modernRequest('tools/list'), modernHeaders('tools/list'), {
      title: 'tools/list',
    });
    if (answer.message?.result)
      return { ok: true, detail: `a second request, tools/list, was answered in ${answer.ms} ms` };
    // A server without tools does not have the method.
    if (answer.message?.error?.code === -32601)
      return {
        ok: true,
        detail: 'a second request, tools/list, was answered with "method not found": this server has no tools',
      };
    return { ok: false, ...explain(answer, this.wire) };
  }

  terminate() {
    return noSessions;
  }
}

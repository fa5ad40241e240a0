// A server of 2026-07-28: every request stands for itself.
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
  /** What its requests need CORS to allow. */
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
        ? 'Mend what the step cors names.'
        : 'Look into the server: it refuses a request that its revision has.';
      return { ok: false, detail: `speaks 2026-07-28, but server/discover failed: ${said(this.answer)}`, fix };
    }
    const { name = 'a server without a name', version = '' } =
      result._meta?.['io.modelcontextprotocol/serverInfo'] ?? {};
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
          detail: `${noSessions.detail} (it sends a Mcp-Session-Id, which has no meaning in ${modernVersion})`,
        };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    const answer = await this.wire.post(modernRequest('tools/list'), modernHeaders('tools/list'), {
      title: 'tools/list',
    });
    if (answer.message?.result)
      return { ok: true, detail: `a second request, tools/list, was answered in ${answer.ms} ms` };
    // A server without tools does not know the method.
    if (answer.message?.error?.code === -32601)
      return { ok: true, detail: 'a second request was answered: this server has no tools' };
    return { ok: false, ...explain(answer, this.wire) };
  }

  terminate() {
    return noSessions;
  }
}

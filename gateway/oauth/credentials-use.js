// When a user's credentials at a server were used last. What is not used has an end: an alarm.
// @ts-check

import { Records } from './records.js';

/** @import { ObjectContext, OAuthSettings } from '../types.js' */
/** @import { Owner } from './credentials-object.js' */

/** @typedef {{ owner: Owner, url: string }} Used whose credentials they are, and the server's URL: an alarm is not told */

const RECORD = 'use';
const FINEST = 86_400_000; // milliseconds between two writes

export class CredentialsUse {
  #ctx;
  #records;
  #maxIdle;
  #noted = 0;

  /** @param {ObjectContext} ctx @param {Pick<OAuthSettings, 'vault' | 'maxIdle'>} settings */
  constructor(ctx, { vault, maxIdle }) {
    this.#ctx = ctx;
    this.#records = new Records(ctx.storage.sql, vault, [String(ctx.id)]);
    this.#maxIdle = maxIdle;
  }

  /** @param {Owner} owner @param {string} url */
  async note(owner, url) {
    const now = Date.now();
    if (this.#maxIdle === 0 || now - this.#noted < Math.min(FINEST, this.#maxIdle / 10)) return;
    this.#noted = now;
    await this.#records.set(RECORD, JSON.stringify({ owner, url }));
    await this.#ctx.storage.setAlarm(now + this.#maxIdle);
  }

  /** Undefined if its key is gone: then nothing of these credentials can be read. @returns {Promise<Used | undefined>} */
  async last() {
    return JSON.parse((await this.#records.get(RECORD)) ?? 'null') ?? undefined;
  }
}

// The context of a row of the modern table: a manager on one path of the fault server, and the server's counts for it.
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../until.mjs';

const quick = { timeout: 30_000, initTimeout: 20_000, sessionConfig: { retryDelay: 40 } };

/** One row's manager, created on first use. */
export class Use {
  log = [];
  #keys = 0;
  #left;

  constructor(mcp, server, path, row) {
    Object.assign(this, { mcp, server, path, row });
  }

  get url() {
    return this.server.url(this.path, this.row.settings);
  }

  get counts() {
    return this.server.counts(this.path);
  }

  get manager() {
    this.made ??= new this.mcp.McpManager(
      { mcpServers: { s: { ...quick, url: this.url, ...this.row.server } } },
      { env: {}, debug: true, log: (level, line) => this.log.push(`${level} ${line}`), ...this.row.options },
    );
    return this.made;
  }

  connect(user = 'ann', options) {
    return this.manager.connect(user, 's', options);
  }

  /** Calls a tool, with a key of its own: `unsafe` must not run twice for one. */
  call(session, name = 'unsafe', options) {
    return session.callTool({ name, arguments: { key: `c${++this.#keys}` } }, options);
  }

  /** The outcome of a promise: `{ ok: true, result }`, or `{ ok: false, code, … }`. */
  async outcome(promise) {
    return promise.then(
      (result) => ({ ok: true, result }),
      (error) => ({
        ok: false,
        code: error.code,
        rpcCode: error.rpcCode,
        status: error.status,
        data: error.data,
        message: error.message,
        isMcpError: error instanceof this.mcp.McpError,
      }),
    );
  }

  /** The number of requests of this method at the server. */
  seen(method) {
    return this.counts.rpc[method] ?? 0;
  }

  /** The requests of this method, with their params and `mcp-*` headers. */
  requests(method) {
    return (this.counts.requests ?? []).filter((request) => request.method === method);
  }

  until(check, what) {
    return until(check, what);
  }

  /** Waits, to check that something does not happen. */
  watch(ms) {
    return wait(ms);
  }

  /** Switches a fault with two phases. */
  switch() {
    this.server.switch(this.path);
  }

  /** Closes the manager once its requests have arrived, and waits until the server has seen that. */
  leave() {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave() {
    if (!this.made) return;
    await Promise.race([this.made.idle(), wait(1_000)]);
    await this.made.close();
    await this.until(() => this.counts.openStreams === 0, 'every stream is closed').catch(() => {});
  }

  trace() {
    const line = ({ at, http, rpc, id, status, sessionId }) =>
      `${at} ${http} ${rpc ?? ''} ${id ?? ''} ${sessionId?.slice(0, 4) ?? '-'} ${status}`;
    return this.counts.trace.slice(0, 40).map(line).join('\n  ');
  }
}

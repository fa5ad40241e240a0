// One request to the fault server, with the ways to answer it or to fail.
import { setTimeout as wait } from 'node:timers/promises';
import { rpcError, sendJson } from '../shared/messages.mjs';
import { runTool } from './healthy.mjs';

/** One request and its answer. */
export class Exchange {
  constructor({ request, response, message, place, url, strangerOrigin }) {
    Object.assign(this, { request, response, message, place, url, strangerOrigin });
    this.sessionId = request.headers['mcp-session-id'];
    this.session = place.sessions.get(this.sessionId);
  }

  /** A setting from the query of the client's URL, as a number. */
  number(name, otherwise) {
    const text = this.url.searchParams.get(name);
    return text === null ? otherwise : Number(text);
  }

  /** A setting from the query of the client's URL, as text. */
  text(name, otherwise) {
    return this.url.searchParams.get(name) ?? otherwise;
  }

  /** True, and counted, for the first `?times=…` requests. */
  takeTurn(otherwise = 1) {
    if (this.place.counts.faulted >= this.number('times', otherwise)) return false;
    this.place.counts.faulted += 1;
    return true;
  }

  /** Runs the called tool, and counts it. Returns the result. */
  execute() {
    return runTool(this.place, this.message.params);
  }

  /** Answers with a JSON-RPC result, as JSON or (`?as=sse`) as an event stream. */
  answer(result, headers = {}) {
    this.answerWith({ jsonrpc: '2.0', id: this.message.id, result }, headers);
  }

  /** Answers with any JSON-RPC message. */
  answerWith(message, headers = {}) {
    if (this.text('as', 'json') !== 'sse') return sendJson(this.response, 200, message, headers);
    this.openStream(headers);
    this.event(message);
    return this.response.end();
  }

  /** Answers with an HTTP error whose body is a JSON-RPC error. */
  refuse(status, code, text, { id = null, headers = {} } = {}) {
    sendJson(this.response, status, rpcError(code, text, id), headers);
  }

  /** Answers with plain text, or with nothing. */
  say(status, text = '', { type = 'text/plain; charset=utf-8', headers = {} } = {}) {
    this.response.writeHead(status, text ? { 'Content-Type': type, ...headers } : headers);
    this.response.end(text);
  }

  /** Begins an event stream; its headers are sent at once. */
  openStream(headers = {}) {
    this.response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      ...headers,
    });
    this.response.flushHeaders();
  }

  /** Sends one event; the message may be left out, for an event with an id and no data. */
  event(message, { id, retry } = {}) {
    const lines = [];
    if (id !== undefined) lines.push(`id: ${id}`);
    if (retry !== undefined) lines.push(`retry: ${retry}`);
    lines.push(`data: ${message === undefined ? '' : JSON.stringify(message)}`);
    this.response.write(`${lines.join('\n')}\n\n`);
  }

  /** Sends the called request's progress, if it asked for it. */
  progress(progress, total, { id } = {}) {
    const progressToken = this.message.params?._meta?.progressToken;
    if (progressToken === undefined)
      return id === undefined ? this.response.write(': working\n\n') : this.event(undefined, { id });
    return this.event(
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress, total } },
      { id },
    );
  }

  /** Waits; resolves to false if the client has disconnected. */
  async pause(milliseconds) {
    await wait(milliseconds, undefined, { ref: false });
    return !this.response.destroyed;
  }

  /** Ends the connection with a reset. */
  reset() {
    this.response.socket?.resetAndDestroy();
  }

  /** Ends the connection in the middle of the response, after the client had time to read what was sent. */
  async cut() {
    await this.pause(30);
    this.response.socket?.destroy();
  }
}

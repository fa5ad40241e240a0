// The steps of a row. Each is plain data, so that a row can be sent into a page or a Worker.

export const call = (tool = 'unsafe', options = {}) => ({ do: 'call', tool, ...options });
export const together = (times, tool = 'unsafe', options = {}) => ({ do: 'together', times, tool, ...options });
/** Starts a call and does not wait for it; `settle` does. */
export const start = (tool = 'unsafe', options = {}) => ({ do: 'start', tool, ...options });
export const settle = { do: 'settle' };
export const request = (method, params) => ({ do: 'request', request: { method, params } });
export const connect = (options = {}) => ({ do: 'connect', ...options });
export const forget = { do: 'forget' };
export const endStreams = { do: 'endStreams' };
/** Switches a fault with two phases to the other one. */
export const turn = { do: 'turn' };
export const terminate = { do: 'terminate' };
export const close = (options = {}) => ({ do: 'close', ...options });
/** Waits for that many milliseconds, to check that something does not happen. */
export const watch = (ms) => ({ do: 'watch', ms });
/** Waits until the server has counted that many. */
export const until = (count, atLeast, within) => ({ do: 'until', count, atLeast, within });

/** An expected outcome: a result … */
export const ok = { ok: true };
export const okWithin = (least, most) => ({ ok: true, ms: [least, most] });
/** … or a failure with this code and evidence. */
export const fails = (code, evidence, more = {}) => ({ ok: false, code, ...(evidence && { evidence }), ...more });
/** A count within this range. */
export const between = (least, most) => ({ least, most });

// The GET stream: servers offer it, or answer 405 (MCP 2025-11-25, Transports, Listening for Messages). Whatever else happens is advice, because calls are POSTs.
// @ts-check

import { isCompressed, notCompressed, said } from './refusals.js';

/** @import { Answer, Finding } from './types.js' */

/** @param {Finding} passed @param {Answer} answer to GET @returns {Finding} */
export function withAdvice(passed, answer) {
  const advice = adviceOf(answer);
  return advice ? { ...passed, detail: `${passed.detail}; GET: ${advice.seen}`, fix: advice.fix } : passed;
}

/** @param {Answer} answer @returns {{ seen: string, fix: string } | undefined} */
function adviceOf(answer) {
  const { failure, status, media } = answer;
  if (failure?.kind === 'timeout')
    return {
      seen: failure.words,
      fix: 'Send the headers of a GET stream at once, and turn off buffering in proxies (nginx: proxy_buffering off, or send X-Accel-Buffering: no).',
    };
  // The step `cors` names what hides it. 401 and 403 to GET alone, 409 for another stream, and a limit of rates say nothing of streams.
  if (failure || [401, 403, 405, 409, 429].includes(status)) return undefined;
  if (status === 200 && media === 'stream')
    return isCompressed(answer) ? { seen: 'the event stream is compressed', fix: notCompressed } : undefined;
  if (status !== 200 && status < 400) return undefined;
  return {
    seen: status === 200 ? 'status 200 without an event stream' : said(answer),
    fix: 'Answer GET with 405 if there is no stream: clients take any other answer for a broken one.',
  };
}

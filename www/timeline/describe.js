// One item of the timeline in words: for its detail line, its accessible name and the list that stands beside the picture.

import { capital, clock, count, duration } from '../format.js';

const markTitles = {
  sessionError: 'Session error',
  sessionExpired: 'Session expired by our own clock',
  sessionTerminated: 'Session terminated',
  sessionReused: 'Live session used again',
  recoveryFailed: 'Recovery failed',
  toolsChanged: 'The list of tools changed',
  breakerOpened: 'Too many failures: nothing is sent for a while',
  breakerClosed: 'A probe succeeded: sending again',
  outageStarted: 'Outage: the server is out of reach',
  outageEnded: 'The outage is over',
};

/** { title, facts }: a short title and the facts worth telling, in order. */
export function describe(item) {
  const facts = [];
  const tell = (text) => {
    if (text !== undefined && text !== '') facts.push(text);
  };
  const took = item.end === undefined ? undefined : duration(item.end - item.start);
  let title;
  switch (item.type) {
    case 'request':
      title = `${item.method ?? 'request'}${item.requestId === undefined ? '' : ` #${item.requestId}`}`;
      tell(item.end === undefined ? 'under way' : outcomeWords(item.outcome));
      tell(took);
      if (item.durationMs > item.end - item.start + 5) tell(`${duration(item.durationMs)} since it was first asked`);
      if (item.attempt > 1) tell(`try ${item.attempt}`);
      break;
    case 'state':
      title = capital(item.state);
      tell(item.from ? `before: ${item.from}` : undefined);
      tell(took === undefined ? 'now' : `for ${took}`);
      break;
    case 'wait':
      title = `Waiting ${duration(item.delayMs ?? 0)}`;
      tell(`next try at ${clock(item.end)}`);
      if (item.attempt > 0) tell(`after try ${item.attempt}`);
      tell(item.stream ? 'before the stream is opened again' : item.method);
      if (item.refusals > 1) tell(`asked for ${item.refusals} times`);
      tell(item.code);
      break;
    case 'stream':
      title =
        item.stream === 'call'
          ? `Answer${item.requestId === undefined ? '' : ` to #${item.requestId}`} begins, as a stream`
          : 'Stream for what the server says unasked';
      if (item.stream !== 'call') tell(took === undefined ? 'open' : `open for ${took}`);
      tell(item.code);
      break;
    case 'generation':
      title = `Handshake ${item.generation}`;
      tell(item.sessionId ? `session ${item.sessionId.replace(/\.+$/, '')}…` : 'no session id');
      break;
    default:
      title = markTitles[item.kind] ?? item.kind;
      tell(item.durationMs === undefined ? undefined : `after ${duration(item.durationMs)}`);
      tell(item.waited > 0 ? `${count(item.waited, 'call')} waited` : undefined);
      tell(item.code);
  }
  if (item.type !== 'generation' && item.generation > 0) tell(`generation ${item.generation}`);
  tell(item.evidence);
  return { title, facts };
}

export function sentence(item) {
  const { title, facts } = describe(item);
  return `${clock(item.start)}, ${capital(item.lane.userId)}: ${[title, ...facts].join(', ')}.`;
}

/** `good`, `bad`, `unknown`, `again`, `dropped` or `open`: what the colour says. */
export function tone(item) {
  if (item.end === undefined) return 'open';
  if (item.outcome === 'result') return 'good';
  if (item.outcome === 'sent again') return 'again';
  if (item.outcome === 'outcome_unknown') return 'unknown';
  if (item.outcome === 'cancelled' || item.outcome === 'closed') return 'dropped';
  return 'bad';
}

function outcomeWords(outcome) {
  if (outcome === 'result') return 'answered';
  if (outcome === 'sent again') return 'refused, then sent again';
  return outcome;
}

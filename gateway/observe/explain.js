// The state of one session, for an administrator: why it recovered, what it waits for, how full its log is. Without ids of sessions, params or results.
// @ts-check

import { traceOf } from '../../npm/devtools/trace.js';
import { objectOf, plain } from '../raw-json.js';
import { partsOf } from '../session-places.js';
import { pseudonym } from './pseudonym.js';

/** @import { ClientSide } from '../client-side.js' */
/** @import { EventLog } from '../event-log.js' */
/** @import { Use } from '../expiry.js' */
/** @import { Upstream } from '../upstream.js' */
/** @import { Row } from '../row.js' */
/** @import { SessionObserver } from './session-observer.js' */

/**
 * @typedef {object} Parts of a session's object
 * @property {Row} row
 * @property {ClientSide} client
 * @property {EventLog} log
 * @property {Use} use
 * @property {Upstream | undefined} upstream
 * @property {SessionObserver} observer
 */

const LONGEST = 100; // characters of a client's name

/** @param {Parts} parts */
export async function explained({ row, client, log, use, upstream, observer }) {
  const { values, isOpen } = row;
  if (!values) return undefined;
  const { key, server, handle } = partsOf(values.owner);
  const info = upstream?.info();
  const { history } = observer;
  const { expiry, reason } = use.expiry;
  return {
    handle,
    user: key,
    userHash: await pseudonym(key),
    server,
    state: isOpen ? (info?.state ?? 'resting') : 'opening or ending',
    openedAt: values.created,
    ageMs: Date.now() - values.created,
    lastCallAt: Math.max(use.last, observer.lastCallAt),
    expires: { at: expiry, for: reason },
    protocol: values.agreed,
    client: clientOf(values.initialize),
    instances: values.lives,
    upstream: info
      ? {
          state: info.state,
          kind: info.kind,
          protocol: info.protocolVersion,
          generation: info.generation,
          inFlight: info.inFlight,
          replica: upstream?.replica,
        }
      : { state: 'resting' },
    metrics: upstream?.metrics(),
    waiting: client.load,
    eventLog: log.fill,
    recoveries: history.troubles,
    calls: history.requests,
  };
}

// What the client says about itself, cut: the rest of its `initialize` is its own.
/** @param {string} initialize */
function clientOf(initialize) {
  const info = plain(objectOf(initialize).get('clientInfo')) ?? {};
  const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value.slice(0, LONGEST) : undefined);
  return { name: text(info.name), version: text(info.version) };
}

/** The same as a trace: docs/devtools.md. @param {Parts} parts */
export async function traced({ row, upstream, observer }) {
  const { values } = row;
  if (!values) return undefined;
  const { key, server } = partsOf(values.owner);
  const info = upstream?.info();
  const user = await pseudonym(key);
  const events = observer.history.traceEvents({ user, server, created: values.created, info });
  return {
    ...traceOf(events, [], undefined),
    sessions: info ? [{ ...info, userId: user, sessionId: undefined }] : [],
    metrics: upstream?.metrics(),
  };
}

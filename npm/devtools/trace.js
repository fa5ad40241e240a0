// The trace: events of a manager as a versioned document. What it may have in it is listed here; everything else is dropped, in both directions.
// @ts-check

import { make } from './dom.js';
import { eventTypes } from './words.js';

/** @import { McpManager, SessionInfo } from '../index.js' */
/** @import { Trace, TraceEvent } from '../devtools.js' */
/** @import { PageManager } from '../page/types.js' */

const format = 'mcp-tether-trace';
const version = 1;
const mostEvents = 100_000;
const mostLetters = 500;

const texts = [
  'userId',
  'serverName',
  'sessionId',
  'code',
  'evidence',
  'from',
  'to',
  'method',
  'outcome',
  'stream',
  'source',
];
const numbers = ['generation', 'at', 'requestId', 'replaces', 'attempt', 'delayMs', 'durationMs', 'waited'];
const sessionTexts = ['userId', 'serverName', 'sessionId', 'kind', 'state', 'protocolVersion'];
const sessionNumbers = ['generation', 'createdAt', 'lastUsedAt', 'expiresAt', 'inFlight', 'recoveries'];
const types = new Set(/** @type {string[]} */ (eventTypes));

/**
 * A word this long may be a session id or a token.
 * @param {string} text
 */
function discreet(text) {
  return text
    .slice(0, mostLetters)
    .replace(/(https?:[^\s?"]*)\?[^\s"]*/g, '$1?…')
    .replace(/\b(Bearer|Basic|DPoP)\s+\S+/gi, '$1 …')
    .replace(/[\w~+=.-]{24,}/g, (word) => `${word.slice(0, 8)}…`);
}

/** The sessions of a manager, whatever their states. @param {McpManager | undefined} manager */
export function sessionsOf(manager) {
  return /** @type {PageManager | undefined} */ (manager)?.getAllActiveSessions(true) ?? [];
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {Record<string, unknown>} source @param {string[]} textFields @param {string[]} numberFields */
function cleaned(source, textFields, numberFields) {
  /** @type {Record<string, string | number>} */
  const clean = {};
  for (const field of textFields) {
    const value = source[field];
    if (typeof value !== 'string') continue;
    // Names are shown as they are; ids are cut wherever they come from.
    const isName = field === 'userId' || field === 'serverName' || field === 'method';
    if (field === 'sessionId') clean[field] = value.slice(0, 8);
    else clean[field] = isName ? value.slice(0, mostLetters) : discreet(value);
  }
  for (const field of numberFields) {
    const value = source[field];
    if (typeof value === 'number' && Number.isFinite(value)) clean[field] = value;
  }
  return clean;
}

/** @param {string} type @param {unknown} detail @returns {TraceEvent} */
export function traceEvent(type, detail) {
  const fields = cleaned(isObject(detail) ? detail : {}, texts, numbers);
  return /** @type {TraceEvent} */ (/** @type {unknown} */ ({ type, ...fields }));
}

/** @param {unknown} info */
function traceSession(info) {
  const fields = cleaned(isObject(info) ? info : {}, sessionTexts, sessionNumbers);
  return /** @type {SessionInfo} */ (/** @type {unknown} */ (fields));
}

/**
 * @param {TraceEvent[]} events
 * @param {Trace['notes']} notes
 * @param {McpManager | undefined} manager
 * @returns {Trace}
 */
export function traceOf(events, notes, manager) {
  return {
    format,
    version,
    exportedAt: new Date().toISOString(),
    events: [...events],
    notes: [...notes],
    sessions: sessionsOf(manager).map(traceSession),
    ...(manager && { stats: manager.getSessionStats(), metrics: manager.getMetrics() }),
  };
}

/** Saves a trace as a file. @param {Trace} trace */
export function saveTrace(trace) {
  const link = make('a', { download: 'mcp-tether-trace.json' });
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(trace, undefined, 1)}\n`], { type: 'application/json' }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {unknown} source @returns {Trace} */
export function parseTrace(source) {
  const value = typeof source === 'string' ? parsed(source) : source;
  if (!isObject(value)) throw new Error('This is not a trace: it is no JSON object.');
  if (value.format !== format) throw new Error(`This is not a trace: its format is not "${format}".`);
  if (value.version !== version)
    throw new Error(`The trace has version ${value.version}; this program reads ${version}.`);
  const { events, exportedAt } = value;
  if (!Array.isArray(events)) throw new Error('The trace has no list of events.');
  if (events.length > mostEvents) throw new Error(`The trace has more than ${mostEvents} events.`);
  return {
    format,
    version,
    exportedAt: typeof exportedAt === 'string' ? exportedAt.slice(0, 40) : '',
    events: events.map(checkedEvent).sort((one, other) => one.at - other.at),
    notes: listOf(value.notes).flatMap(checkedNote),
    sessions: listOf(value.sessions).map(traceSession),
    ...(isObject(value.stats) && { stats: /** @type {NonNullable<Trace['stats']>} */ (counters(value.stats)) }),
    ...(isObject(value.metrics) && { metrics: counters(value.metrics) }),
  };
}

/** @param {string} text @returns {unknown} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('This is not a trace: it is no JSON.', { cause });
  }
}

/** @param {unknown} event @param {number} index */
function checkedEvent(event, index) {
  const type = isObject(event) ? event.type : undefined;
  if (typeof type !== 'string' || !types.has(type))
    throw new Error(`Event ${index + 1} of the trace has no known type.`);
  const clean = traceEvent(type, event);
  if (clean.at === undefined || clean.userId === undefined || clean.serverName === undefined)
    throw new Error(`Event ${index + 1} of the trace lacks at, userId or serverName.`);
  return clean;
}

/** @param {unknown} note */
function checkedNote(note) {
  if (!isObject(note) || typeof note.at !== 'number' || typeof note.text !== 'string') return [];
  return [{ at: note.at, text: discreet(note.text) }];
}

/** @param {unknown} value @returns {unknown[]} */
function listOf(value) {
  return Array.isArray(value) ? value.slice(0, 1_000) : [];
}

/** @param {Record<string, unknown>} source */
function counters(source) {
  const all = Object.entries(source).slice(0, 100);
  return /** @type {Record<string, number>} */ (
    Object.fromEntries(all.filter(([, value]) => typeof value === 'number'))
  );
}

// The counters of the registry in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/
// @ts-check

import { BOUNDS } from './histograms.js';

/** @typedef {{ name: string, value: number }} Counter `name` includes labels */
/** @typedef {{ buckets: Map<string, number>, sum: number }} Histogram */

const PREFIX = 'mcp_tether_';

/** @type {Record<string, string>} */
const help = {
  circuit_openings_total: 'Circuits that have opened: of one user, of all users of an isolate, or of an address.',
  drains_total: 'Drains of servers and addresses by the administrator.',
  failovers_total: 'Sessions, and requests of 2026-07-28, that left an address for another one.',
  jwks_failures_total: 'Failed reads of the keys of an issuer.',
  logins_failed_total: 'Requests with credentials that were refused.',
  recovery_duration_seconds:
    'Time from the loss of a session at its server until it was replaced, or until that failed.',
  refused_total: 'Sessions and requests of 2026-07-28 that were refused because of the state of their server.',
  replica_requests_total: 'Requests to each address of a server that has several, by the status of the response.',
  request_duration_seconds:
    'Time from the arrival of a request until its response, or until the response began if it is a stream.',
  requests_total: 'HTTP requests by route and status.',
  sessions_ended_total: 'Sessions of clients that have ended.',
  sessions_opened_total: 'Sessions of clients that were opened.',
  upstream_duration_seconds: 'Time from an HTTP request to a server until the head of its response.',
};
const OTHER = 'Of the sessions with servers: docs/operation.md.';

/** All counters and histograms: @param {Counter[]} counters */
export function exposition(counters) {
  /** @type {Map<string, string[]>} */
  const metrics = new Map(); // their lines by name
  /** @type {Map<string, Map<string, Histogram>>} */
  const histograms = new Map(); // by name and labels
  for (const { name, value } of counters) {
    const [bare, labels = ''] = name.replace(/\}$/, '').split('{');
    const part = /^(.+_seconds)_(bucket|sum)$/.exec(bare);
    if (part) add(histograms, part, labels, value);
    else metrics.set(bare, [...(metrics.get(bare) ?? []), `${PREFIX}${name} ${value}`]);
  }
  const text = [...metrics].flatMap(([name, lines]) => [...head(name, 'counter'), ...lines]);
  for (const [name, all] of histograms)
    text.push(...head(name, 'histogram'), ...[...all].flatMap(([labels, one]) => linesOf(name, labels, one)));
  return `${text.join('\n')}\n`;
}

/** @param {string} name @param {string} type */
function head(name, type) {
  return [`# HELP ${PREFIX}${name} ${help[name] ?? OTHER}`, `# TYPE ${PREFIX}${name} ${type}`];
}

/** @param {Map<string, Map<string, Histogram>>} histograms @param {string[]} part @param {string} labels @param {number} value */
function add(histograms, [, name, what], labels, value) {
  const [own, bound] = what === 'bucket' ? bucketOf(labels) : [labels, undefined];
  const all = histograms.get(name) ?? new Map();
  histograms.set(name, all);
  const one = all.get(own) ?? { buckets: new Map(), sum: 0 };
  all.set(own, one);
  if (bound === undefined) one.sum = value;
  else one.buckets.set(bound, value);
}

/** @param {string} labels with `le` as the last @returns {[labels: string, bound: string]} */
function bucketOf(labels) {
  const at = labels.lastIndexOf('le="');
  return [labels.slice(0, at).replace(/,$/, ''), labels.slice(at + 4, -1)];
}

/** @param {string} name @param {string} labels @param {Histogram} histogram */
function linesOf(name, labels, { buckets, sum }) {
  const lines = [];
  let count = 0;
  for (const bound of [...BOUNDS.map(String), '+Inf']) {
    count += buckets.get(bound) ?? 0;
    lines.push(`${PREFIX}${name}_bucket{${labels},le="${bound}"} ${count}`);
  }
  lines.push(`${PREFIX}${name}_sum{${labels}} ${sum}`, `${PREFIX}${name}_count{${labels}} ${count}`);
  return lines;
}

// Every server that our client is tested with.
import frameworkPeers from './frameworks.mjs';
import python from './python.mjs';
import referenceServer from './reference-server.mjs';
import rmcp from './rmcp.mjs';
import sdkV1 from './sdk-v1.mjs';
import sdkV2 from './sdk-v2.mjs';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {() => string} version what it is built with
 * @property {boolean} [quick] needs only Node: part of `make test`
 * @property {(place: { port: number, journal: string }) => { program?: string, args: string[], env: Record<string, string> }} program
 * @property {string} [path] of its endpoint
 * @property {object} [config] settings of our client for this server
 * @property {'stateful' | 'stateless' | 'modern'} kind
 * @property {string} protocolVersion
 * @property {Record<'echo' | 'progress' | 'slow' | 'count' | 'notify', { name: string, arguments: object, answers?: string }>} tools
 * @property {boolean} [takesAnyId] requests with an id that the server has never issued are answered
 * @property {boolean} [keepsSessions] sessions outlive a restart of the server
 * @property {string} notifies the method of the notification that its tool `notify` sends
 * @property {boolean} [notifiesOnStream] on the session's stream, not on the call's
 * @property {Record<string, string>} [missing] the steps that are impossible with the server, and why
 */

/** @type {Peer[]} */
export const peers = [...referenceServer, ...sdkV1, ...sdkV2, ...python, ...rmcp];

/** Servers of frameworks, and bridges. @type {Peer[]} */
export const frameworks = frameworkPeers;

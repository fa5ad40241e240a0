// What servers of one kind have in common: how sessions are kept, and what that means for the tool `notify`.

const legacy = { protocolVersion: '2025-11-25', notifies: 'notifications/message' };
const missing = { 'session lost': 'there is no session to lose' };

export const stateful = { ...legacy, kind: 'stateful' };
export const stateless = { ...legacy, kind: 'stateless', missing };
export const modern = {
  kind: 'modern',
  protocolVersion: '2026-07-28',
  notifies: 'notifications/tools/list_changed',
  notifiesOnStream: true,
  missing,
};

/** HTTP+SSE of 2024-11-05: the session is the stream. */
export const httpSse = {
  ...stateful,
  path: '/sse',
  config: { type: 'sse' },
  missing: { 'session lost': 'the session is the stream: it is lost in the restart' },
};

// Log lines as JSON, for the platform's log. Whoever calls this passes no token, header or whole session id.

export function log(level, event, fields = {}) {
  console[level](JSON.stringify({ level, event, ...fields }));
}

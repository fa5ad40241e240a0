// The names of the tools that every server written for the matrix has.

export const ownTools = {
  echo: { name: 'echo', arguments: { text: 'hello' }, answers: 'hello' },
  progress: { name: 'progress', arguments: { steps: 3 } },
  slow: { name: 'slow', arguments: { ms: 30_000 } },
  count: { name: 'count', arguments: {} },
  notify: { name: 'notify', arguments: {} },
};

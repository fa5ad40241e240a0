// The fault table: for every path of the fault server, the outcomes for the caller and the counts of the server. It
// runs in Node, in a page and in workerd.
//
// `steps` are performed in order, and their `outcomes` compared in order. `counts` are the server's own; `executed` is
// the sum of its executions. `browser` overrides what a page cannot know. In every row, each unsafe call may have run
// once at most: this is always checked.
import { bodyRows } from './rows-bodies.mjs';
import { connectionRows } from './rows-connections.mjs';
import { lookAlikeRows } from './rows-look-alikes.mjs';
import { lostRows } from './rows-lost.mjs';
import { outageRows } from './rows-outages.mjs';
import { statusRows } from './rows-statuses.mjs';
import { streamRows } from './rows-streams.mjs';

export const rows = [
  ...lostRows,
  ...statusRows,
  ...connectionRows,
  ...streamRows,
  ...bodyRows,
  ...lookAlikeRows,
  ...outageRows,
];

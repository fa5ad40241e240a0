// All faults of the modern fault server, by path.
import { eras } from './eras.mjs';
import { listens } from './listens.mjs';
import { results } from './results.mjs';
import { rounds } from './rounds.mjs';
import { streams } from './streams.mjs';

/** A fault is a set of functions that replace the healthy server's; see healthy.mjs. */
export const faults = { healthy: {}, ...eras, ...results, ...rounds, ...streams, ...listens };

// All faults of the modern fault server, by the path they are found at.
import { eras } from './eras.mjs';
import { listens } from './listens.mjs';
import { results } from './results.mjs';
import { rounds } from './rounds.mjs';
import { streams } from './streams.mjs';

/** A fault is a set of functions that stand in for the healthy server's; see healthy.mjs. */
export const faults = { healthy: {}, ...eras, ...results, ...rounds, ...streams, ...listens };

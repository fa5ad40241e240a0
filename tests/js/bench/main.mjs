// The benchmarks: many calls that wait for one dead session, one call beside official clients, one big result, very
// many sessions. `make bench` runs it.
// usage: node --expose-gc tests/js/bench/main.mjs [waiting|overhead|bigResult|manySessions …] [--strict]
import { pathToFileURL } from 'node:url';
import { bigResult } from './big-result.mjs';
import { manySessions } from './many-sessions.mjs';
import { overhead } from './overhead.mjs';
import { waiting } from './waiting.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const mcp = await import(packageEntry);
const benches = { waiting, overhead, bigResult, manySessions };
const words = process.argv.slice(2);
const chosen = words.filter((word) => Object.hasOwn(benches, word));

let missed = 0;
for (const name of chosen.length ? chosen : Object.keys(benches)) {
  const { failures } = await benches[name](mcp);
  for (const failure of failures) console.log(`  over budget: ${failure}`);
  missed += failures.length;
}
// Times depend on the machine: they fail the run only with --strict.
process.exit(words.includes('--strict') && missed > 0 ? 1 : 0);

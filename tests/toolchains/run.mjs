// Builds and opens the application with every toolchain, and prints the table. usage: node tests/toolchains/run.mjs [part of a row's name…]

import { rows, versionOf } from './rows.mjs';
import { openTable } from './table.mjs';

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = rows.filter(
  ({ name }) => wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0) {
  console.error(`No toolchain has one of these words in its name: ${wanted.join(', ')}. Without a word all run.`);
  process.exit(2);
}
const table = await openTable();
const counts = { passed: 0, failed: 0, unavailable: 0 };
print('toolchain', 'version', 'module', 'seconds', 'result');
for (const row of chosen) {
  if (row.unavailable) {
    counts.unavailable += 1;
    print(row.name, '', '', '', `not to be had here: ${row.unavailable}`);
    continue;
  }
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  try {
    const { module } = await table.run(row);
    counts.passed += 1;
    print(row.name, versionOf(row), module, seconds(), 'passed');
  } catch (error) {
    counts.failed += 1;
    print(row.name, versionOf(row), row.module, seconds(), 'FAILED');
    console.log(error.message.replaceAll(/^/gm, '    '));
  }
}
await table.close();
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.unavailable} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);

function print(name, version, module, seconds, result) {
  console.log(`${name.padEnd(32)}${version.padEnd(12)}${module.padEnd(10)}${seconds.padStart(7)}  ${result}`);
}

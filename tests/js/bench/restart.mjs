// Prints the calls that each framework gets answered after a restart of its server, and writes them into documents
// between their markers: the first part of `make compare`.
// usage: node tests/js/bench/restart.mjs [<document>…]
import { readFile, writeFile } from 'node:fs/promises';
import { measureRestarts, restartTable, withTable } from './compare/restart.mjs';

const each = 10;
// The frameworks' own, of connections that the restart has broken.
process.on('unhandledRejection', () => {});

const table = restartTable(await measureRestarts(each), each);
console.log(table);
for (const document of process.argv.slice(2))
  await writeFile(document, withTable(await readFile(document, 'utf8'), table));
process.exit();

// Prints the calls that each framework gets answered after a restart of its server, and writes them into a document
// between its markers: the first part of `make compare`.
// usage: node tests/js/bench/restart.mjs [<document>]
import { readFile, writeFile } from 'node:fs/promises';
import { measureRestarts, restartTable, withTable } from './compare/restart.mjs';

const each = 10;
// The frameworks' own, of connections that the restart has broken.
process.on('unhandledRejection', () => {});

const table = restartTable(await measureRestarts(each), each);
console.log(table);
const [document] = process.argv.slice(2);
if (document) await writeFile(document, withTable(await readFile(document, 'utf8'), table));
process.exit();

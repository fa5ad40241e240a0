import { ask } from './application.js';

ask(process.argv[2]).then(console.log, console.error);

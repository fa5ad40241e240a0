import { ask } from './application.js';

console.log(await ask(Deno.args[0]));

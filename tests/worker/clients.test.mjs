// Three clients through the front, before a server that answers by streams; tests/worker/clients.all.mjs has the other kinds.
import { survive } from './survive.mjs';

survive('a server that answers by streams', []);

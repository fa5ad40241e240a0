// Three clients through the gateway, before a server that answers by streams; tests/gateway/clients.all.mjs has the
// other kinds.
import { survive } from './survive.mjs';

survive('a server that answers by streams', []);

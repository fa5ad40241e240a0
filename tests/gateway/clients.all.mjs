// Three clients through the gateway, before servers of other kinds than in clients.test.mjs.
import { survive } from './survive.mjs';

survive('a server that answers in JSON', ['--json-response']);
survive('a server that can resume', ['--event-store']);

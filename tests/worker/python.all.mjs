// Python's official clients through the front, before a server that answers by streams.
import { pythonClients } from './python-clients.mjs';
import { survive } from './survive.mjs';

survive('a server that answers by streams', [], pythonClients);

// Replicas that hang: they are left before the requests time out, which takes its time.
import { breaksBy } from './broken-replicas.mjs';

breaksBy(['silent', 'head', 'half a body']);

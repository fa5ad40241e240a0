// Evaluated before the official client in the demo's bundle: its schema library would otherwise test whether the page
// allows compiling strings to code. The page's policy does not, and browsers report the attempt.
import { config } from 'zod/v4';

config({ jitless: true });

// Evaluated before the official client in the demo's bundle: its schema library would otherwise try whether the page lets it
// make code of text. The page's policy does not, and browsers report the try.
import { config } from 'zod/v4';

config({ jitless: true });

import { ask } from './application.js';

globalThis.ask = ask;

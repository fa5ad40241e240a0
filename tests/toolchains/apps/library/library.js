export { ask } from './application.js';

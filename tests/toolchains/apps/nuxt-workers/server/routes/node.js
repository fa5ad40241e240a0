import { ask } from '../../ours/application.js';

export default defineEventHandler((event) => ask(getQuery(event).server));

import type { Bytes, PlatformModule } from './platform.js';

export * from './index.js';
export { default } from './index.js';

/**
 * Loads the module at once from bytes or from a module that is compiled already.
 * A page's main thread may refuse to compile a large one this way; there, use the default export.
 */
export function initSync(module: Bytes | PlatformModule): void;

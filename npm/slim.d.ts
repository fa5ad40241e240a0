import type { Bytes, PlatformModule } from './platform.js';

export * from './index.js';
export { default } from './index.js';

/**
 * Loads the module synchronously from bytes or from a compiled module.
 * The main thread of a page may refuse to compile a large module synchronously; use the default export there.
 */
export function initSync(module: Bytes | PlatformModule): void;

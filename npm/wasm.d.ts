import type { PlatformModule } from './platform.js';

/** The compiled module, where the host or the bundler compiles `.wasm` imports: `initSync(module)` of `mcp-tether/slim` loads it. */
declare const module: PlatformModule;
export default module;

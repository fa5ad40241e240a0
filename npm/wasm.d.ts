import type { PlatformModule } from './platform.js';

/** The compiled module, for hosts and bundlers that compile `.wasm` imports: `initSync(module)` of `mcp-tether/slim` loads it. */
declare const module: PlatformModule;
export default module;

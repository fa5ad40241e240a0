/** The compiled module, where the host or the bundler compiles `.wasm` imports: `initSync(module)` of `mcp-tether/slim` loads it. */
declare const module: WebAssembly.Module;
export default module;

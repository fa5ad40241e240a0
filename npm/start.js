// A page's first statement: the module's download starts before the rest of the file is run. browser.js imports this first.

const download = new AbortController();

// Bundlers know this form and copy the file. An address that one of them left unusable is a failed download like any other.
export const request = async () => fetch(new URL('./mcp_tether_bg.wasm', import.meta.url), { signal: download.signal });

export const response = request();

/** The caller of `init()` brought another module. */
export function cancel() {
  download.abort();
}

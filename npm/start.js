// The first statement in a page: starts the download of the module before the rest of the file runs. browser.js imports this first.

const download = new AbortController();

// Bundlers recognise this form and copy the file. If the resulting URL is unusable, the download fails.
export const request = async () => fetch(new URL('./mcp_tether_bg.wasm', import.meta.url), { signal: download.signal });

export const response = request();

/** Called if `init()` gets another module. */
export function cancel() {
  download.abort();
}

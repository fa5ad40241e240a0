// What the page stands on: the built package, and demo.json, which says where the demo's MCP server and its faults are.

export async function loadSetting() {
  const settings = await read('demo.json', (response) => response.json());
  const asked = performance.now();
  let library;
  try {
    library = await import('./pkg/browser.js');
    await library.default();
  } catch (cause) {
    throw new NotSetUp('The library is not built yet.', cause);
  }
  const readyMs = performance.now() - asked;
  const version = await fetch('pkg/package.json').then((response) => (response.ok ? response.json() : {})).catch(() => ({}));
  return { ...library, settings, readyMs, version: version.version };
}

/** The demo's control side: makes the proxy or the server misbehave. */
export async function control(settings, what, body = {}) {
  const response = await fetch(`${settings.controlUrl.replace(/\/$/, '')}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The demo's control answered ${response.status} to ${what}.`);
  const text = await response.text();
  try { return JSON.parse(text); } catch { return {}; }
}

export class NotSetUp extends Error {
  constructor(message, cause) {
    super(message, { cause });
    this.name = 'NotSetUp';
  }
}

async function read(url, then) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status}`);
    return await then(response);
  } catch (cause) {
    throw new NotSetUp('The demo server is not running behind this page.', cause);
  }
}

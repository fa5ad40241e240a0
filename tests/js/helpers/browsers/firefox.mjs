// A headless Firefox with a page from an origin of its own, through geckodriver. FIREFOX and GECKODRIVER name other
// programs.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startPageServer } from './chromium.mjs';
import { openBrowser } from './webdriver.mjs';

const ours = fileURLToPath(new URL('../../../../.tools/bin/geckodriver', import.meta.url));
const geckodriver = process.env.GECKODRIVER ?? (existsSync(ours) ? ours : 'geckodriver');
const firefox = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** @param {{ prefs?: Record<string, unknown>, path?: string }} [settings] `path` of the page */
export async function openPage({ prefs = {}, path = '' } = {}) {
  const files = await startPageServer();
  const options = { binary: firefox, args: ['-headless'], prefs: { 'network.dns.disableIPv6': true, ...prefs } };
  const { close, ...browser } = await openBrowser({
    driver: geckodriver,
    arguments: (port) => ['--port', String(port), '--host', '127.0.0.1'],
    capabilities: { browserName: 'firefox', 'moz:firefoxOptions': options },
    url: files.origin + path,
  });
  return {
    ...browser,
    origin: files.origin,
    async close() {
      await close();
      await files.close();
    },
  };
}

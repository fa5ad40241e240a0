// A headless Firefox with a page from an origin of its own, through geckodriver. FIREFOX and GECKODRIVER name other
// programs.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startPageServer } from './chromium.mjs';
import { openBrowser } from './webdriver.mjs';

const ours = fileURLToPath(new URL('../../../../.tools/bin/geckodriver', import.meta.url));
const geckodriver = process.env.GECKODRIVER ?? (existsSync(ours) ? ours : 'geckodriver');
const firefox = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

export async function openPage() {
  const files = await startPageServer();
  const options = { binary: firefox, args: ['-headless'], prefs: { 'network.dns.disableIPv6': true } };
  const { run, close } = await openBrowser({
    driver: geckodriver,
    arguments: (port) => ['--port', String(port), '--host', '127.0.0.1'],
    capabilities: { browserName: 'firefox', 'moz:firefoxOptions': options },
    url: files.origin,
  });
  return {
    run,
    async close() {
      await close();
      await files.close();
    },
  };
}

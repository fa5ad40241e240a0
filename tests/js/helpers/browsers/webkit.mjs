// WebKit as packaged by Debian (WebKitGTK's MiniBrowser), through its own driver. It has no headless mode, so it gets a
// virtual screen.
import { existsSync, readdirSync } from 'node:fs';
import { openBrowser } from './webdriver.mjs';

export function openPage(url) {
  return openBrowser({
    driver: 'xvfb-run',
    arguments: (port) => [
      '--auto-servernum',
      'env',
      'WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1',
      'LIBGL_ALWAYS_SOFTWARE=1',
      'WebKitWebDriver',
      `--port=${port}`,
    ],
    capabilities: { 'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] } },
    url,
  });
}

/** It is in the folder of its machine's architecture, and not on the PATH. */
function miniBrowser() {
  const places = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`);
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error('WebKit is missing: tools/setup.sh webkit installs it');
  return found;
}

// A headless Firefox with a page from an origin of its own, through geckodriver and plain WebDriver. FIREFOX and GECKODRIVER name other programs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startPageServer } from './chromium.mjs';
import { findFreePort } from './servers/shared/listen.mjs';

const ours = fileURLToPath(new URL('../../.tools/bin/geckodriver', import.meta.url));
const geckodriver = process.env.GECKODRIVER ?? (existsSync(ours) ? ours : 'geckodriver');
const firefox = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** @returns {Promise<{ run(script: string, ...words: unknown[]): Promise<any>, close(): Promise<void> }>} `run` awaits what the script, the body of a function, returns */
export async function openPage() {
  const [files, port] = [await startPageServer(), await findFreePort()];
  const driver = spawn(geckodriver, ['--port', String(port), '--host', '127.0.0.1'], { stdio: 'ignore' });
  const command = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await until(() => command('GET', '/status').then(({ ready }) => ready, () => false));
  const options = { binary: firefox, args: ['-headless'], prefs: { 'network.dns.disableIPv6': true } };
  const { sessionId } = await command('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'firefox', 'moz:firefoxOptions': options, timeouts: { script: 120_000 } } } });
  const session = `/session/${sessionId}`;
  await command('POST', `${session}/url`, { url: files.origin });
  return {
    async run(script, ...words) {
      const wrapped = `const done = arguments[arguments.length - 1]; (async (...words) => { ${script} })(...arguments).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await command('POST', `${session}/execute/async`, { script: wrapped, args: words });
      if (error) throw new Error(error);
      return value;
    },
    async close() {
      await command('DELETE', session).catch(() => {});
      driver.kill();
      await files.close();
    },
  };
}

async function until(condition) {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('geckodriver does not answer');
}

// A browser behind plain WebDriver: starts its driver, opens a session, and runs scripts.
import { spawn } from 'node:child_process';
import { findFreePort } from '../../servers/shared/listen.mjs';
import { until } from '../until.mjs';

/**
 * @param {{ driver: string, arguments: (port: number) => string[], capabilities: object, url: string }} browser
 * @returns {Promise<{
 *   run(script: string, ...words: unknown[]): Promise<any>,
 *   send(method: string, path: string, body?: object): Promise<any>,
 *   click(selector: string): Promise<void>,
 *   close(): Promise<void>,
 * }>}
 * `run` awaits the return value of the script, a function body; `send` is a command of the session (WebDriver §6.2)
 */
export async function openBrowser({ driver: program, arguments: argumentsFor, capabilities, url }) {
  const port = await findFreePort();
  const driver = spawn(program, argumentsFor(port), { stdio: 'ignore', detached: true });
  driver.on('error', () => {}); // reported below as a driver that does not answer
  const command = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await until(
    () =>
      command('GET', '/status').then(
        ({ ready }) => ready,
        () => false,
      ),
    `${program} answers`,
  );
  const { sessionId } = await command('POST', '/session', {
    capabilities: { alwaysMatch: { timeouts: { script: 120_000 }, ...capabilities } },
  });
  const session = `/session/${sessionId}`;
  await command('POST', `${session}/url`, { url });
  const send = (method, path, body) => command(method, session + path, body);
  return {
    send,
    /** As a user does, so that it counts for the pop-up blocker. */
    async click(selector) {
      const element = await send('POST', '/element', { using: 'css selector', value: selector });
      await send('POST', `/element/${Object.values(element)[0]}/click`, {});
    },
    async run(script, ...words) {
      const wrapped = `const done = arguments[arguments.length - 1]; (async (...words) => { ${script} })(...arguments)
        .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await command('POST', `${session}/execute/async`, { script: wrapped, args: words });
      if (error) throw new Error(error);
      return value;
    },
    async close() {
      await command('DELETE', session).catch(() => {});
      // With all its child processes.
      process.kill(-driver.pid);
    },
  };
}

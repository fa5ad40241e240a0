// An application in a page: a click calls a tool, and logs in on the way. Its settings are in its address.
import init, { McpManager } from '/pkg/browser.js';
import { oauth, popup, redirect } from '/pkg/oauth.js';

const settings = Object.fromEntries(new URLSearchParams(location.search));
const { server: url, flow = 'popup', user = 'ada' } = settings;
const output = document.querySelector('#result');
const show = (text) => {
  output.textContent = text;
};

const flows = {
  popup: () =>
    popup({
      onClosed: (cancel) => {
        window.looksClosed = true;
        window.cancelLogin = cancel;
      },
      ...(settings.blocked && {
        onBlocked: (open) => document.querySelector('#go').addEventListener('click', open, { once: true }),
      }),
    }),
  redirect: () => redirect(),
};

await init();
const auth = oauth({
  redirectUri: new URL('callback.html', location.href).href.split('?')[0],
  authorize: flows[flow](),
  servers: { notes: { url } },
});
const manager = new McpManager({ mcpServers: { notes: { url, protocolVersion: 'legacy' } } }, { env: {}, log() {} });

async function act() {
  show('…');
  try {
    const session = await manager.connect(user, 'notes', { auth });
    const result = await session.callTool({ name: settings.tool ?? 'echo', arguments: { text: 'hello' } });
    show(`result: ${result.content[0].text}`);
  } catch (error) {
    show(`failed: ${error.code}; ${error.cause?.message ?? error.message}`);
  }
}

window.app = { act, auth, manager };
document.querySelector('#go').onclick = act;
document.querySelector('#sign-in').onclick = () =>
  auth.signIn(user, 'notes').then(
    () => show('signed in'),
    (error) => show(`failed: ${error.code}`),
  );
if (settings.auto) await act();
window.ready = true;

// React: a component whose server asks for a login (OAuth). The login window is opened by a click, and by nothing else.

import init, { McpManager } from 'mcp-tether';
import { oauth, popup } from 'mcp-tether/oauth';
import { useMcp } from 'mcp-tether/react';
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

await init();
const url = new URLSearchParams(location.search).get('mcp') ?? 'http://127.0.0.1:3000/mcp';
const manager = new McpManager({ mcpServers: { notes: { url } } });
const auth = oauth({ redirectUri: new URL('callback.html', location.href).href, authorize: popup() });

function Notes() {
  const { state, tools, error, loginError, call, retry, login } = useMcp(manager, 'ada', 'notes', { auth });
  const [answer, setAnswer] = useState('');
  const say = async (message) => {
    const { content } = await call('echo', { message });
    setAnswer(content[0].text);
  };
  return (
    <section>
      <p id="state">{state}</p>
      {state === 'needsLogin' && (
        <button type="button" onClick={login}>
          Log in
        </button>
      )}
      {state === 'failed' && (
        <button type="button" onClick={retry}>
          Retry
        </button>
      )}
      {(loginError ?? error) && <p role="alert">{(loginError ?? error).code}</p>}
      <p id="tools">{tools.map(({ name }) => name).join(', ')}</p>
      <button type="button" onClick={() => say('hello').catch(({ code }) => setAnswer(code))}>
        Say hello
      </button>
      <p id="answer">{answer}</p>
    </section>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <Notes />
  </StrictMode>,
);

// React: a component with a session that survives restarts of the server.

import init, { McpManager } from 'mcp-tether';
import { useMcp, useMcpSessions } from 'mcp-tether/react';
import { lazy, StrictMode, Suspense, useState } from 'react';
import { createRoot } from 'react-dom/client';

await init();
const url = new URLSearchParams(location.search).get('mcp') ?? 'http://127.0.0.1:3000/mcp';
const manager = new McpManager({ mcpServers: { notes: { url } } });
const Devtools = location.hash === '#devtools' ? lazy(() => import('./devtools.jsx')) : undefined;

function Notes() {
  const { state, tools, error, call, retry } = useMcp(manager, 'ada', 'notes');
  const [answer, setAnswer] = useState('');
  const say = async (message) => {
    const { content } = await call('echo', { message });
    setAnswer(content[0].text);
  };
  if (state === 'failed')
    return (
      <p role="alert">
        {error.code}{' '}
        <button type="button" onClick={retry}>
          Retry
        </button>
      </p>
    );
  return (
    <section>
      <p id="state">{state}</p>
      <p id="tools">{tools.map(({ name }) => name).join(', ')}</p>
      <button type="button" onClick={() => say('hello')}>
        Say hello
      </button>
      <button type="button" onClick={() => say('goodbye')}>
        Say goodbye
      </button>
      <p id="answer">{answer}</p>
    </section>
  );
}

function App() {
  const [isOpen, setOpen] = useState(true);
  const sessions = useMcpSessions(manager);
  return (
    <main>
      <button type="button" onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Close' : 'Open'}
      </button>
      <p id="sessions">{sessions.map(({ serverName, generation }) => `${serverName} ${generation}`).join(', ')}</p>
      {isOpen && <Notes />}
      {Devtools && (
        <Suspense>
          <Devtools manager={manager} />
        </Suspense>
      )}
    </main>
  );
}

createRoot(document.getElementById('root')).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

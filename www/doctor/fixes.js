// The fixes that the doctor page and docs/fixes.md show, by the topic of a verdict. Each is run by tests/js/suites/doctor-fixes*.mjs.
// @ts-check

import { cors } from './fixes-cors.js';
import { login } from './fixes-login.js';

/** @typedef {keyof typeof frameworks} Framework */
/** @typedef {{ title: string, why: string, code: Partial<Record<Framework, string>> }} Fix */

export const frameworks = {
  express: 'Express',
  starlette: 'FastAPI, Starlette',
  hono: 'Hono',
  nginx: 'nginx',
  workers: 'Workers',
};

/** The languages of the code, for highlighters. @type {Record<Framework, string>} */
export const languages = {
  express: 'javascript',
  starlette: 'python',
  hono: 'javascript',
  nginx: 'nginx',
  workers: 'javascript',
};

/** By topic (`npm/diagnosis/verdict.js`). @type {Record<string, Fix>} */
export const fixes = {
  cors: {
    title: 'CORS',
    why: 'A page can use a server of another origin only if every response allows it, errors and the answer to OPTIONS included.',
    code: cors,
  },
  login: {
    title: 'Finding the login',
    why: 'The 401 names the protected resource metadata, which names the authorization server (RFC 9728).',
    code: login,
  },
  parser: {
    title: 'A body that is not parsed',
    why: 'The guides of the SDKs recognise `initialize` by the parsed body. Express parses JSON only if it is told to.',
    code: { express: '// Before the route.\napp.use(express.json());' },
  },
  body: {
    title: 'The parsed body',
    why: 'A body can be read once. If a parser such as express.json() has read it, the transport needs what it found.',
    code: { express: 'await transport.handleRequest(request, response, request.body);' },
  },
  transport: {
    title: 'A transport for each session',
    why: 'A transport is one session, and a server of the SDKs has one transport: the second client of a shared one is refused.',
    code: {
      express: `// In place of one transport for all clients.
async function open() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
    onsessionclosed: (id) => transports.delete(id),
  });
  await makeServer().connect(transport);
  return transport;
}`,
      hono: `// In place of one transport for all clients.
async function open() {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => transports.set(id, transport),
    onsessionclosed: (id) => transports.delete(id),
  });
  await makeServer().connect(transport);
  return transport;
}`,
    },
  },
  host: {
    title: 'Allowed hosts and origins',
    why: 'Servers on this machine refuse names that are not theirs, against DNS rebinding. Behind a proxy the public name has to be allowed, and for pages their origin.',
    code: {
      express: `// In place of: createMcpExpressApp()
const app = createMcpExpressApp({ allowedHosts: ['mcp.example', 'localhost', '127.0.0.1'] });`,
      starlette: `from mcp.server.transport_security import TransportSecuritySettings

# In place of: FastMCP("notes")
mcp = FastMCP(
    "notes",
    transport_security=TransportSecuritySettings(
        allowed_hosts=["mcp.example", "127.0.0.1:*", "localhost:*"],
        allowed_origins=["https://app.example"],
    ),
)`,
      nginx: `# In the location of the endpoint: the name that the server behind listens on.
proxy_set_header Host $proxy_host;`,
    },
  },
  buffering: {
    title: 'Buffered streams',
    why: 'A proxy that buffers keeps events until its buffer is full. Either the proxy turns that off, or the server asks for it.',
    code: {
      nginx: `# In the location of the endpoint.
proxy_buffering off;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_read_timeout 1h;`,
      express: `app.use('/mcp', (_request, response, next) => {
  response.set('X-Accel-Buffering', 'no');
  next();
});`,
      hono: `app.use('/mcp', async (context, next) => {
  await next();
  context.res.headers.set('X-Accel-Buffering', 'no');
});`,
    },
  },
  compression: {
    title: 'Compressed streams',
    why: 'A compressor that is not flushed after each event keeps events back.',
    code: {
      nginx: `# In the location of the endpoint.
gzip off;
proxy_set_header Accept-Encoding "";`,
    },
  },
  get: {
    title: 'GET without a stream',
    why: 'A server without a GET stream answers GET with 405; with 404 many clients take the endpoint for missing.',
    code: {
      express: `app.get('/mcp', (_request, response) => response.status(405).set('Allow', 'POST, DELETE').end());`,
      hono: `app.get('/mcp', (context) => context.body(null, 405, { Allow: 'POST, DELETE' }));`,
      nginx: `# In the location of the endpoint.
if ($request_method = GET) { return 405; }`,
      workers: `// First in the handler.
if (request.method === 'GET') return new Response(null, { status: 405, headers: { Allow: 'POST, DELETE' } });`,
    },
  },
  slash: {
    title: 'A redirect to another path',
    why: 'A mounted application answers below its path, so that /mcp is redirected to /mcp/. A preflight cannot follow that, and neither do credentials.',
    code: {
      starlette: `# In place of: Mount("/mcp", app=…), with the application at /
mcp.settings.streamable_http_path = "/mcp"
app = Starlette(routes=[Mount("/", app=mcp.streamable_http_app())], lifespan=lambda _: mcp.session_manager.run())`,
      nginx: `location = /mcp {
    proxy_pass http://127.0.0.1:3000/mcp/;
}`,
    },
  },
  end: {
    title: 'The end of a session',
    why: '404 is the answer that makes a client open a new session.',
    code: {
      express: `const transport = transports.get(request.headers['mcp-session-id']);
if (!transport) {
  const error = { code: -32001, message: 'Session not found' };
  return response.status(404).json({ jsonrpc: '2.0', error, id: null });
}`,
      hono: `const transport = transports.get(context.req.header('Mcp-Session-Id'));
if (!transport) {
  const error = { code: -32001, message: 'Session not found' };
  return context.json({ jsonrpc: '2.0', error, id: null }, 404);
}`,
    },
  },
};

/**
 * The code with the visitor's origin in place of the example's.
 * @param {string} code @param {string} origin
 */
export const forOrigin = (code, origin) => code.replaceAll('https://app.example', origin);

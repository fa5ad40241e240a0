// What a page of another origin needs of a server, as code for each framework. Each is run by tests/js/suites/doctor-fixes*.mjs.
// @ts-check

const headers = [
  'Authorization',
  'Content-Type',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
];
const exposed = ['Mcp-Session-Id', 'Retry-After', 'WWW-Authenticate'];
const listed = (/** @type {string[]} */ names, quote = "'") => names.map((name) => quote + name + quote).join(', ');

export const cors = {
  express: `import cors from 'cors';

// Before all routes and before authentication.
app.use(
  cors({
    origin: ['https://app.example'],
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: [
      ${listed(headers.slice(0, 4))},
      ${listed(headers.slice(4))},
    ],
    exposedHeaders: [${listed(exposed)}],
  }),
);`,
  starlette: `from starlette.middleware.cors import CORSMiddleware  # the same as in fastapi.middleware.cors

# After all other middleware: the one that is added last runs first.
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example"],
    allow_methods=["GET", "POST", "DELETE"],
    allow_headers=[
        ${listed(headers.slice(0, 4), '"')},
        ${listed(headers.slice(4), '"')},
    ],
    expose_headers=[${listed(exposed, '"')}],
)`,
  hono: `import { cors } from 'hono/cors';

// Before all routes and before authentication.
app.use(
  '*',
  cors({
    origin: ['https://app.example'],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: [
      ${listed(headers.slice(0, 4))},
      ${listed(headers.slice(4))},
    ],
    exposeHeaders: [${listed(exposed)}],
  }),
);`,
  nginx: `# In the location of the endpoint; the server behind must not send these headers as well.
set $cors_origin "";
if ($http_origin = "https://app.example") { set $cors_origin $http_origin; }
add_header Access-Control-Allow-Origin $cors_origin always;
add_header Access-Control-Allow-Methods "GET, POST, DELETE" always;
add_header Access-Control-Allow-Headers "${headers.join(', ')}" always;
add_header Access-Control-Expose-Headers "${exposed.join(', ')}" always;
add_header Vary Origin always;
if ($request_method = OPTIONS) { return 204; }`,
  workers: `// In place of: export default { fetch: handle };
const origins = ['https://app.example'];

export default {
  async fetch(request, env, context) {
    const isPreflight = request.method === 'OPTIONS';
    const answer = isPreflight ? new Response(null, { status: 204 }) : await handle(request, env, context);
    const headers = new Headers(answer.headers);
    const origin = request.headers.get('Origin');
    if (origins.includes(origin)) headers.set('Access-Control-Allow-Origin', origin);
    headers.set('Access-Control-Allow-Methods', 'GET, POST, DELETE');
    headers.set(
      'Access-Control-Allow-Headers',
      '${headers.join(', ')}',
    );
    headers.set('Access-Control-Expose-Headers', '${exposed.join(', ')}');
    headers.append('Vary', 'Origin');
    return new Response(answer.body, { status: answer.status, headers });
  },
};`,
};

// What clients need to find the login of a server (RFC 9728), as code for each framework. Each is run by tests/js/suites/doctor-fixes*.mjs.
// @ts-check

export const login = {
  express: `const resource = 'https://mcp.example/mcp';
const metadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';

app.get('/.well-known/oauth-protected-resource/mcp', (_request, response) =>
  response.json({ resource, authorization_servers: ['https://auth.example'] }),
);
app.use('/mcp', (request, response, next) => {
  if (request.headers.authorization) return next(); // verify the token here
  return response.status(401).set('WWW-Authenticate', \`Bearer resource_metadata="\${metadata}"\`).end();
});`,
  starlette: `from starlette.responses import JSONResponse, Response
from starlette.routing import Route

RESOURCE = "https://mcp.example/mcp"
METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp"


async def metadata(request):
    return JSONResponse({"resource": RESOURCE, "authorization_servers": ["https://auth.example"]})


class Login:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        names = [name for name, _ in scope.get("headers", [])]
        # Verify the token here.
        if scope["type"] == "http" and scope["path"] == "/mcp" and b"authorization" not in names:
            challenge = {"WWW-Authenticate": f'Bearer resource_metadata="{METADATA}"'}
            return await Response(status_code=401, headers=challenge)(scope, receive, send)
        await self.app(scope, receive, send)


app.router.routes.insert(0, Route("/.well-known/oauth-protected-resource/mcp", metadata))
app.add_middleware(Login)`,
  hono: `const resource = 'https://mcp.example/mcp';
const metadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';

app.get('/.well-known/oauth-protected-resource/mcp', (context) =>
  context.json({ resource, authorization_servers: ['https://auth.example'] }),
);
app.use('/mcp', async (context, next) => {
  if (context.req.header('Authorization')) return next(); // verify the token here
  return context.body(null, 401, { 'WWW-Authenticate': \`Bearer resource_metadata="\${metadata}"\` });
});`,
  workers: `// In place of: export default { fetch: handle };
const resource = 'https://mcp.example/mcp';
const place = '/.well-known/oauth-protected-resource/mcp';
const metadata = \`https://mcp.example\${place}\`;

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === place) return Response.json({ resource, authorization_servers: ['https://auth.example'] });
    if (request.headers.has('Authorization')) return handle(request, env, context); // verify the token there
    const headers = { 'WWW-Authenticate': \`Bearer resource_metadata="\${metadata}"\` };
    return new Response(null, { status: 401, headers });
  },
};`,
};

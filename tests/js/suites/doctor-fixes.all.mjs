// The fixes of the doctor page for nginx, in front of a server that needs them, and for Starlette and FastAPI. `tools/setup.sh` installs both.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { diagnose, verdictOf } from '../../../pkg/diagnose.js';
import { fixes } from '../../../www/doctor/fixes.js';
import { expressApp, honoApp, starletteApp, workerApp } from '../helpers/fixes/apps.mjs';
import { makeStarter, underName } from '../helpers/fixes/start.mjs';
import { root } from '../helpers/snippets/project.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

const patience = { timeout: 60_000 };
const origin = 'https://app.example';
const codeOf = (topic, framework) => fixes[topic].code[framework];
const { starlette: hosts } = fixes.host.code;
const mounted = `from fastapi import FastAPI

app = FastAPI(lifespan=lambda _: mcp.session_manager.run())
app.mount("/", mcp.streamable_http_app())`;

/** By topic: the program without the fix, and with it. */
const programs = {
  cors: {
    without: starletteApp({ mcp: hosts }),
    with: (after) => starletteApp({ mcp: hosts, after }),
    origin,
  },
  'cors with FastAPI': {
    topic: 'cors',
    without: starletteApp({ mcp: hosts, app: mounted }),
    with: (after) => starletteApp({ mcp: hosts, app: mounted, after }),
    origin,
  },
  host: {
    without: starletteApp({ after: codeOf('cors', 'starlette') }),
    with: (mcp) => starletteApp({ mcp, after: codeOf('cors', 'starlette') }),
    origin,
  },
  'host by its name': {
    topic: 'host',
    without: starletteApp(),
    with: (mcp) => starletteApp({ mcp }),
    host: 'mcp.example',
  },
  slash: {
    without: starletteApp({
      app: `mcp.settings.streamable_http_path = "/"
app = Starlette(routes=[Mount("/mcp", app=mcp.streamable_http_app())], lifespan=lambda _: mcp.session_manager.run())`,
    }),
    with: (app) => starletteApp({ app }),
  },
  login: {
    without: starletteApp({
      after: `from starlette.responses import Response


@app.middleware("http")
async def refuse(request, call_next):
    return Response(status_code=401 if request.url.path == "/mcp" else 404)`,
      app: `app = FastAPI(lifespan=lambda _: mcp.session_manager.run())
app.mount("/", mcp.streamable_http_app())`,
    }),
    with: (after) => starletteApp({ after }),
  },
};

const workers = {
  cors: { without: workerApp(), with: (end) => workerApp({ end }), origin },
  login: {
    without: workerApp({ end: 'export default { fetch: () => new Response(null, { status: 401 }) };' }),
    with: (end) => workerApp({ end }),
  },
  get: { without: workerApp({ first: '' }), with: (first) => workerApp({ first }) },
};

const redirect = `app.use((request, response, next) =>
  request.path === '/mcp' ? response.redirect(307, '/mcp/') : next());`;
/** Takes the header away that the SDK itself sends since 2026, so that the server is like those of other SDKs. */
const unasked = {
  express: `app.use((_request, response, next) => {
  const write = response.writeHead.bind(response);
  response.writeHead = (status, { 'x-accel-buffering': _asked, ...headers } = {}) => write(status, headers);
  next();
});
`,
  hono: `app.use(async (context, next) => {
  await next();
  context.res.headers.delete('X-Accel-Buffering');
});
`,
};
/** By topic: the server behind nginx, the slots without the fix, and with it. */
const proxies = {
  cors: {
    behind: expressApp(),
    without: {},
    with: (location) => ({ location }),
    origin,
  },
  host: {
    behind: expressApp({ app: 'const app = createMcpExpressApp();' }),
    without: { location: 'proxy_set_header Host mcp.example;' },
    with: (location) => ({ location }),
  },
  buffering: { behind: expressApp({ before: unasked.express }), without: {}, with: (location) => ({ location }) },
  compression: {
    behind: expressApp(),
    without: { http: 'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;', location: 'proxy_buffering off;' },
    with: (location) => ({
      http: 'gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;',
      location: `proxy_buffering off; ${location}`,
    }),
  },
  get: { behind: expressApp({ get: '' }), without: {}, with: (location) => ({ location }) },
  slash: {
    behind: expressApp({ before: redirect }),
    without: {},
    with: (more, port) => ({
      location: 'proxy_buffering off;',
      more: more.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`),
    }),
  },
};

let starter;
let logins;

before(async () => {
  await promisify(execFile)('tools/setup.sh', ['python', 'nginx'], { cwd: root });
  [starter, logins] = await Promise.all([makeStarter(), startAuthorizationServer()]);
});
after(() => Promise.all([starter?.remove(), logins?.close()]));

/** The verdict on a running server, which is stopped. */
async function verdictOn(own, { host, origin: from } = {}) {
  const server = host ? await underName(own, host) : own;
  try {
    const target = { url: server.url, headers: {}, protocolVersion: 'auto' };
    const diagnosis = await diagnose(() => target, { timeout: 3_000, ...(from && { origin: from }) });
    return { ...verdictOf(diagnosis), diagnosis };
  } finally {
    await server.stop();
  }
}

const shown = (verdict) => JSON.stringify(verdict, undefined, 2);

for (const [framework, rows, starts] of [
  ['starlette', programs, (source) => starter.python(source)],
  ['workers', workers, (source) => starter.worker(source)],
])
  describe(framework, () => {
    for (const [name, row] of Object.entries(rows))
      test(`${name}: named without the fix, usable with it`, patience, async () => {
        const topic = row.topic ?? name;
        const start = (source) =>
          starts((here) =>
            source.replaceAll('https://mcp.example', here).replaceAll('https://auth.example', logins.issuer),
          );
        const broken = await verdictOn(await start(row.without), row);
        assert.equal(broken.topic, topic, shown(broken));
        const fixed = await verdictOn(await start(row.with(codeOf(topic, framework))), row);
        assert.notEqual(fixed.state, 'broken', shown(fixed));
        assert.notEqual(fixed.topic, topic, shown(fixed));
      });
  });

describe('nginx', () => {
  for (const [topic, row] of Object.entries(proxies))
    test(`${topic}: named without the fix, usable with it`, patience, async () => {
      const behind = await starter.module(() => row.behind);
      try {
        const broken = await verdictOn(await starter.nginx(behind.port, row.without), row);
        assert.equal(broken.topic, topic, shown(broken));
        const slots = row.with(codeOf(topic, 'nginx'), behind.port);
        const fixed = await verdictOn(await starter.nginx(behind.port, slots), row);
        assert.notEqual(fixed.state, 'broken', shown(fixed));
        assert.notEqual(fixed.topic, topic, shown(fixed));
      } finally {
        await behind.stop();
      }
    });
});

describe('a server that asks nginx not to buffer', () => {
  for (const [framework, app] of Object.entries({ express: expressApp, hono: honoApp }))
    test(framework, patience, async () => {
      const verdict = async (before) => {
        const behind = await starter.module(() => app({ before: before + unasked[framework] }));
        try {
          return await verdictOn(await starter.nginx(behind.port, {}));
        } finally {
          await behind.stop();
        }
      };
      const broken = await verdict('');
      assert.equal(broken.topic, 'buffering', shown(broken));
      const fixed = await verdict(codeOf('buffering', framework));
      assert.equal(fixed.state, 'good', shown(fixed));
    });
});

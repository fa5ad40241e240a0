// Refusals of what stands in front of a server, or of the framework around it: tunnels, hosts, gateways, filters. They have words, not standards.
// @ts-check

/** @import { Received } from './types.js' */

export const loginPage =
  'Exclude this path from the login page in front of the server: an MCP client cannot fill in a form.';

/**
 * The first row that matches counts.
 * @type {{ status?: number[], words?: RegExp, header?: [name: string, value?: RegExp], page?: boolean, fix: string }[]}
 */
const rows = [
  { header: ['cf-mitigated', /^challenge$/], fix: botProtection() },
  { header: ['x-vercel-mitigated'], fix: botProtection() },
  { header: ['x-amzn-waf-action'], fix: botProtection() },
  { words: /<title>(Just a moment|Attention Required)|mod_security|_Incapsula_Resource/i, fix: botProtection() },
  { status: [403], header: ['server', /^AkamaiGHost/], fix: botProtection() },
  {
    // Of Cloudflare's 1xxx errors, those of rules; 1015 is a limit of rates.
    words: /error (code: )?10(0[5-9]|1[0-3]|20)\b|Sorry, you have been blocked/i,
    header: ['server', /^cloudflare$/],
    fix: 'Allow MCP clients on this path in the firewall rules of Cloudflare: one of them blocks this request.',
  },
  {
    words: /ERR_NGROK_6024/,
    fix: 'Send the header ngrok-skip-browser-warning: without it ngrok answers browsers with a warning.',
  },
  {
    words: /bypass-tunnel-reminder/,
    fix: 'Send the header bypass-tunnel-reminder: without it localtunnel answers browsers with a warning.',
  },
  { words: /ERR_NGROK_\d+|endpoint .{1,200} is offline/i, fix: tunnel('ngrok') },
  { status: [530], fix: tunnel('Cloudflare') },
  { words: /error code: 1033|Argo Tunnel error/i, fix: tunnel('Cloudflare') },
  { words: /^\s*tunnel .{1,100}(unavailable|not found|not exist)|no tunnel/i, fix: tunnel('its host') },
  {
    status: [404],
    words:
      /no such app|application not found|deployment (could )?not (be )?found|DEPLOYMENT_NOT_FOUND|site not found|no healthy upstream|default backend/i,
    fix: noApplication(),
  },
  { header: ['x-vercel-error', /NOT_FOUND/], fix: noApplication() },
  { header: ['x-render-routing', /no-server|suspend/], fix: noApplication() },
  { header: ['fly-error'], fix: noApplication() },
  { words: /web app is stopped/, fix: noApplication() },
  {
    status: [403],
    header: ['server', /^AirTunes/],
    fix: 'Move the server to another port: at this one macOS answers for AirPlay.',
  },
  {
    status: [403],
    words: /not configured to allow the HTTP request method/,
    fix: 'Allow all HTTP methods in the behavior of CloudFront: it refuses POST.',
  },
  {
    status: [403],
    header: ['x-amzn-errortype', /MissingAuthenticationToken/],
    fix: 'Correct the stage and the path of the URL: AWS API Gateway has no such route, or wants signed requests.',
  },
  { status: [401], page: true, fix: loginPage },
  { status: [403], words: /<title>\s*(sign|log)[- ]?in/i, fix: loginPage },
  { header: ['x-goog-iap-generated-response'], fix: loginPage },
  {
    status: [401],
    words: /^\{"code":(401|"UNAUTHORIZED_\w+"),"message":"(Missing authorization|Invalid JWT)/,
    fix: 'Deploy the function with --no-verify-jwt, or pass a key of the project: Supabase verifies a JWT before it runs.',
  },
  {
    words: /webhook .{1,200} is not registered/,
    fix: 'Activate the workflow, or correct the path of the URL: n8n has no such webhook.',
  },
  {
    status: [400, 403, 419, 422],
    words: /\bcsrf\b|xsrf|InvalidAuthenticityToken|request forgery|<title>Page Expired/i,
    fix: 'Exclude this path from CSRF protection: an MCP client has no token of a form.',
  },
  {
    status: [400, 401, 403],
    words: /\b(x-)?(api|access|subscription)[-_ ]?key\b/i,
    fix: "Pass the key that the server asks for, in the server's headers.",
  },
  {
    status: [401],
    header: ['www-authenticate', /^\s*(Basic|Digest|Negotiate|NTLM|ApiKey)\b/i],
    fix: "Pass what WWW-Authenticate asks for, in the server's headers: it is not OAuth.",
  },
  { status: [402], fix: 'Look at the account with the host: it asks for a payment.' },
  {
    status: [411],
    fix: 'Look for a proxy that removes Content-Length: it was sent.',
  },
  {
    status: [413],
    fix: 'Raise the limit for request bodies (nginx: client_max_body_size): this one has less than 1 KB.',
  },
  {
    status: [426],
    fix: 'Configure the URL of the Streamable HTTP endpoint: this port speaks another protocol.',
  },
  {
    status: [520, 521, 522, 523, 524, 525, 526],
    fix: 'Check that the server runs, and its address, firewall and certificate: Cloudflare cannot reach it.',
  },
];

/** @param {Received} answer */
export function fixOfHost({ status, message, text = '', headers, media }) {
  const words = message?.error ? `${message.error.message} ${JSON.stringify(message.error.data ?? '')}` : text;
  const row = rows.find(
    (row) =>
      (!row.status || row.status.includes(status)) &&
      (!row.words || row.words.test(words)) &&
      (!row.page || media === 'page') &&
      (!row.header || holds(headers.get(row.header[0]), row.header[1])),
  );
  return row?.fix;
}

/** @param {string | null} value @param {RegExp} [pattern] */
function holds(value, pattern = /./) {
  return value !== null && pattern.test(value);
}

function botProtection() {
  return 'Exclude this path from the bot protection in front of the server: no MCP client can pass its challenge.';
}

/** @param {string} who */
function tunnel(who) {
  return `Start the tunnel and the server behind it, or correct the host name: ${who} has no connection to it.`;
}

function noApplication() {
  return 'Deploy or start the server, or correct the host name: no application runs there.';
}

// The pages of a login: plain HTML without scripts.
// @ts-check

// No `form-action`: browsers apply it to the redirects after a form as well, and those of an authorization server lead anywhere.
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  // With `no-referrer`, browsers send `Origin: null` with forms.
  'referrer-policy': 'same-origin',
};

const style =
  'body{font:1rem/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}input,button{font:inherit;padding:.4rem}';

/**
 * Asks the owner of a login link whether to go on, and for proof of being the owner unless the browser has shown it.
 * @param {{ server: string, id: string, host: string, needsToken: boolean, problem?: string }} login
 */
export function startPage({ server, id, host, needsToken, problem }) {
  const proof = needsToken
    ? `<p><label>Your token for this gateway, which your MCP client sends:<br>
<input type="password" name="token" required autocomplete="off" size="40"></label></p>`
    : '';
  return page(
    problem ? 403 : 200,
    `Connect ${server}`,
    `${problem ? `<p role="alert"><b>${escaped(problem)}</b></p>` : ''}
<p>An MCP client of the user <b>${escaped(id)}</b> wants to use <b>${escaped(server)}</b>. To go on, log in at <b>${escaped(host)}</b>.</p>
<p>Go on only if you are this user and your own client has shown you this link: the login gives its access to this user.</p>
<form method="post">${proof}<button>Log in at ${escaped(host)}</button></form>`,
  );
}

/** @param {number} status @param {string} title @param {string} words */
export function messagePage(status, title, words) {
  return page(status, title, `<p>${escaped(words)}</p>`);
}

/** @param {number} status @param {string} title @param {string} body HTML */
function page(status, title, body) {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${style}</style><h1>${escaped(title)}</h1>
${body}</html>`;
  return new Response(html, { status, headers });
}

/** @type {Record<string, string>} */
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (letter) => entities[letter]);
}

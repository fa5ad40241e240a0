// The login page of the authorization server: two links, as plain as it gets.

const style = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { max-width: 24rem; margin: 14vh auto; padding: 0 1.5rem; }
a { display: inline-block; padding: .5rem 1.2rem; border: 1px solid; border-radius: .5rem; text-decoration: none; }
#allow { background: #0f766e; color: #fff; }`;

/** @param {string} granted where "Allow" leads @param {string} denied where "Deny" leads */
export function loginPage(granted, denied) {
  const href = (url) => url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in</title><style>${style}</style>
<h1>Log in</h1><p>An application wants to use the MCP server for you.</p>
<a id="allow" href="${href(granted)}">Allow</a> <a id="deny" href="${href(denied)}">Deny</a></html>`;
}

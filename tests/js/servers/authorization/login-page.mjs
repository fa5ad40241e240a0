// The login page of the authorization server for tests: two links, as plain as it gets.

/** @param {string} granted where "Allow" leads @param {string} denied where "Deny" leads */
export function loginPage(granted, denied) {
  const href = (url) => url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<!doctype html><html lang="en"><title>Log in</title>
<a id="allow" href="${href(granted)}">Allow</a> <a id="deny" href="${href(denied)}">Deny</a></html>`;
}

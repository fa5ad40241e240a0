// A program that logs its user in by way of a port of this machine, in any runtime: the addresses of the package and of the server are its arguments.
const [packageUrl, clientUrl, url, path] = globalThis.Deno?.args ?? process.argv.slice(2);
const { fileStorage, loopback, oauth } = await import(new URL('oauth.js', packageUrl).href);
const { client } = await import(clientUrl);

/** The user's browser: follows the redirect of the login page to the program. */
async function open(login) {
  const response = await fetch(login, { redirect: 'manual' });
  const back = await fetch(response.headers.get('location'));
  await back.text();
}

const auth = oauth({
  authorize: loopback({ open, print() {}, headless: false }),
  ...(path && { storage: fileStorage(path) }),
});
const user = client({ url }, auth);
console.log(JSON.stringify([await user.connect(), await user.call()]));

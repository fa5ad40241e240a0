// The address that a visitor enters: what a page can reach, and what of it may be in a link.
// @ts-check

const thisMachine = /^(localhost|127(\.\d+){3})$/;
// The page's policy cannot name them, or does not.
const sameMachine = /^(\[::1?\]|0\.0\.0\.0|.+\.localhost)$/;

/**
 * @param {string} text a URL, or what contains one: quotes, a line for a shell, a configuration
 * @returns {URL} without its fragment, which is never sent
 */
export function readAddress(text) {
  const full = addressIn(text.trim());
  if (!URL.canParse(full)) throw new Error('Enter the whole URL of the endpoint: https://server.example/mcp');
  const url = new URL(full);
  if (!/^https?:$/.test(url.protocol)) throw new Error('The URL must begin with https:// or http://.');
  if (url.username || url.password)
    throw new Error('The URL contains a user name or a password. Remove it, and enter a token below.');
  url.hash = '';
  return url;
}

/** @param {string} text */
function addressIn(text) {
  // A URL parser takes spaces, and what follows them, as part of the path.
  if (URL.canParse(text) && !/\s/.test(text)) return text;
  const found = new Set((text.match(/https?:\/\/[^\s"'`<>\\]+/gi) ?? []).map((one) => one.replace(/[),.;\]}]+$/, '')));
  if (found.size > 1) throw new Error(`Enter one URL: there are ${found.size} in this text.`);
  return [...found][0] ?? text;
}

/** Why a page cannot connect to it; an attempt would only take its time. @param {URL} url @returns {string | undefined} */
export function whyOutOfReach(url) {
  const { protocol, hostname, origin } = url;
  if (protocol === 'https:' || thisMachine.test(hostname)) return undefined;
  if (sameMachine.test(hostname)) {
    const instead = new URL(url);
    instead.hostname = 'localhost';
    return `This page reaches this machine by the names localhost and 127.0.0.1: enter ${instead.origin}${instead.pathname} instead of ${origin}.`;
  }
  return `A page cannot connect to ${origin}: browsers allow plain http only to this machine. Use https://, or run the command below where that address can be reached.`;
}

/**
 * The link to a diagnosis: without the query, which may contain a key, and without the token.
 * @param {URL} url @param {string} page
 */
export function permalink({ origin, pathname }, page) {
  const link = new URL(page);
  link.hash = '';
  link.search = `?url=${encodeURIComponent(origin + pathname)}`;
  return link.href;
}

/**
 * The package is not on npm yet, and lies beside the page.
 * @param {URL} url @param {string} page
 */
export function command({ origin: server, pathname }, page) {
  // A quote in the path would end the shell's word.
  const endpoint = `'${server}${pathname.replaceAll("'", '%27')}'`;
  return `npx ${new URL('mcp-tether.tgz', page)} doctor ${endpoint} --origin ${new URL(page).origin}`;
}

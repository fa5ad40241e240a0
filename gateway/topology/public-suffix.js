// Takes the place of `tldts` in the bundle, of which tough-cookie uses one function: without the public suffix list, 250 KB that every isolate would read
// when it starts. A jar belongs to one session with one server, and its cookies go to that server's addresses only, so a cookie for a whole suffix reaches
// no one else. Of the list's rules the default one is left: the last label is a suffix (https://github.com/publicsuffix/list/wiki/Format, "Algorithm" 2).
// @ts-check

const ADDRESS = /^[\d.]+$|:/; // IPv4 and IPv6

/** The suffix of a host with the label before it; null if it has none: @param {string} host */
export function getDomain(host) {
  const labels = host.replace(/\.$/, '').split('.');
  return labels.length < 2 || ADDRESS.test(host) || labels.includes('') ? null : labels.slice(-2).join('.');
}

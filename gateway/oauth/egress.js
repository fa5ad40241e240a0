// Where requests of a login may go. Their URLs are the words of servers: metadata, challenges, endpoints. So they may not lead into the network that
// the gateway is in (server-side request forgery).
//
// A public name may still resolve to a private address: the runtime refuses that (Workers reach no private network; workerd's `network` service
// allows `public` addresses only, by default).
// @ts-check

import { LoginFault } from './fault.js';
import { isPrivate } from './private-host.js';

const MOST_REQUESTS = 40; // of one login step: metadata may list any number of servers

export class Egress {
  #hosts;

  /**
   * @param {string} server the URL in the configuration: its own host is allowed
   * @param {string[]} hosts and so are these, although they are private
   */
  constructor(server, hosts) {
    this.#hosts = new Set([new URL(server).hostname, ...hosts]);
  }

  /**
   * Throws unless a request, or the user's browser, may go there.
   * @param {string | URL} url
   */
  check(url) {
    const { protocol, hostname, username, password, host } = new URL(url);
    const refuse = (/** @type {string} */ why) => {
      throw new LoginFault('forbidden_address', `${host} ${why}: the gateway sends no login there`, {
        url: `${protocol}//${host}`,
      });
    };
    if (username || password) refuse('comes with a password in its URL');
    const isAllowed = this.#hosts.has(hostname);
    if (protocol !== 'https:' && !(protocol === 'http:' && isAllowed)) refuse('is not https');
    if (!isAllowed && isPrivate(hostname)) refuse('is a private address (allow it with PRIVATE_HOSTS)');
  }

  /**
   * A `fetch` for one step of a login. It follows no redirects: each hop is a request of its own.
   * @returns {typeof fetch}
   */
  fetch() {
    let count = 0;
    return async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      this.check(url);
      count += 1;
      if (count > MOST_REQUESTS)
        throw new LoginFault('too_many_requests', `the login takes more than ${MOST_REQUESTS} requests`, { url });
      return fetch(input, { ...init, redirect: 'manual' });
    };
  }
}

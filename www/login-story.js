// The story of a login: who is logged in, how long the token is good for, and how often it was refreshed while calls went on.
// @ts-check

import { count, duration } from './format.js';
import { nameOf } from './holders.js';

/** @import { AuthProvider, Token } from 'mcp-tether' */
/** @import { OAuthProvider } from 'mcp-tether/oauth' */

/** @typedef {{ userId: string, serverName: string, token: Token, tokens: number, waits?: boolean }} Login */

export class LoginStory {
  /** @type {Map<string, Login>} by user */
  #logins = new Map();
  #provider;
  #element = document.createElement('p');
  #text = document.createElement('span');
  #out = document.createElement('button');
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock;
  /** @type {string | undefined} */
  #asking;

  /** @param {OAuthProvider} provider */
  constructor(provider) {
    this.#provider = provider;
    this.#element.className = 'login-story';
    this.#out.type = 'button';
    this.#out.className = 'quiet';
    this.#out.id = 'log-out';
    this.#out.textContent = 'Log out';
    this.#out.addEventListener('click', () => this.#logOut());
    this.#element.append(this.#text, this.#out);
    /** The provider, with an eye on the tokens that it gives; of a token nothing but its time is shown. @type {AuthProvider} */
    this.auth = {
      token: async (context) => {
        const { userId } = context;
        if (context.status !== undefined) this.#asking = userId;
        this.#show();
        try {
          const token = await provider.token(context);
          if (typeof token === 'object') this.#note(context, token);
          return token;
        } finally {
          this.#asking = undefined;
          this.#show();
        }
      },
      headers: (request) => provider.headers?.(request) ?? {},
    };
  }

  /** Shows the story after an element; `end` takes it away. @param {Element} place */
  begin(place) {
    place.after(this.#element);
    this.#clock = setInterval(() => this.#show(), 500);
    this.#show();
  }

  end() {
    clearInterval(this.#clock);
    this.#element.remove();
  }

  /** @param {{ userId: string, serverName: string }} context @param {Token} token */
  #note({ userId, serverName }, token) {
    const before = this.#logins.get(userId);
    const isSame = before?.token.token === token.token;
    this.#logins.set(userId, {
      userId,
      serverName,
      token,
      tokens: (before?.tokens ?? 0) + (isSame ? 0 : 1),
    });
  }

  async #logOut() {
    const [login] = [...this.#logins.values()].slice(-1);
    if (!login) return;
    this.#logins.delete(login.userId);
    await this.#provider.signOut(login.userId, login.serverName);
    this.#show();
  }

  #show() {
    const [login] = [...this.#logins.values()].slice(-1);
    const text = this.#words(login);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#element.dataset.tokens = String(login?.tokens ?? 0);
    this.#out.hidden = !login;
  }

  /** @param {Login | undefined} login */
  #words(login) {
    if (this.#asking && !login) return `${nameOf(this.#asking)} is logging in, in the other window. The call waits.`;
    if (!login) return 'Not logged in.';
    const { userId, token, tokens } = login;
    const seconds = Math.ceil(((token.expiresAt ?? 0) - Date.now()) / 1000);
    const left = seconds > 0 ? `good for ${duration(seconds * 1000)} more` : 'expired; the next call refreshes it';
    const refreshed = tokens > 1 ? ` Refreshed ${count(tokens - 1, 'time')} without a login, on the same session.` : '';
    return `${nameOf(userId)} is logged in. The token is ${left}.${refreshed}`;
  }
}

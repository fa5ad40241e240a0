import type { AuthProvider, Token, TokenContext } from './index.js';
import type { PlatformCryptoKey, PlatformFetch, PlatformJsonWebKey, PlatformSignal, PlatformUrl } from './platform.js';

/** What every provider of this entry takes. */
export interface ProviderOptions {
  /** Requested where neither the server's challenge nor its metadata names scopes. Several are divided by spaces. */
  scope?: string | undefined;
  /** Where credentials are kept: by user and server, bound to the issuer. */
  storage?: CredentialStorage | undefined;
  /** Used for all requests to authorization servers. Default: the global `fetch`. */
  fetch?: PlatformFetch | undefined;
  /**
   * The `resource` parameter (RFC 8707) in place of the one in the server's metadata; `null` leaves it out, for authorization servers that refuse it
   * (Entra). What the metadata claims is checked all the same.
   */
  resource?: string | null | undefined;
  /** The only issuer that is accepted. */
  issuer?: string | undefined;
  /**
   * Binds tokens to a key (RFC 9449) at authorization servers that offer it: P-256, not extractable, kept in `storage` where that can hold keys.
   * Default: false.
   */
  dpop?: boolean | undefined;
  /** Asked before an authorization server is used that is not the one of before. Default: it is. */
  allowIssuer?(change: { issuer: string; previous: string; userId: string; url: string }): boolean | Promise<boolean>;
  /** Options for single servers, by name; they win over the others. `url` is the server's address, for `signIn` before the first `connect`. */
  servers?:
    | Record<string, Partial<Omit<OAuthOptions, 'servers' | 'storage'>> & { url?: string | undefined }>
    | undefined;
}

/** Where credentials are kept, such as a storage of `mcp-tether/storage`. Apart from sessions: what is here can log in. */
export interface CredentialStorage {
  get(key: string): Promise<any> | any;
  /** The value is text; only a DPoP key is a `CryptoKeyPair`. */
  set(key: string, value: any): Promise<void> | void;
  delete(key: string): Promise<void> | void;
  /** One holder at a time over all processes that share the storage. Default: Web Locks, where they are. */
  lock?<T>(name: string, act: () => Promise<T>): Promise<T>;
}

/** An {@link AuthProvider} that can be told to log in and out. */
export interface OAuthProvider extends AuthProvider {
  /** With `interactive: false` it rejects with `login_required` where it would have to ask the user. */
  token(context: TokenContext & { interactive?: boolean | undefined }): Promise<string | Token | undefined>;
  /**
   * Makes sure that there is a token, before a request needs one. In a page, call it in the handler of a click: the login window is opened at once.
   *
   * @param options `refusal`: the response to the token that is stored, so that this one does not count.
   * @throws OAuthError
   */
  signIn(
    userId: string,
    serverName: string,
    options?: {
      url?: string | undefined;
      signal?: PlatformSignal | undefined;
      refusal?: Pick<TokenContext, 'status' | 'challenge'> | undefined;
    },
  ): Promise<void>;
  /** Forgets the tokens, and revokes them (RFC 7009) where that is offered. The session at the MCP server stays: `manager.terminate` ends it. */
  signOut(
    userId: string,
    serverName: string,
    options?: { url?: string | undefined; signal?: PlatformSignal | undefined },
  ): Promise<void>;
}

/** Sends the user to `url` and resolves with the URL that they came back to. */
export type Authorize = (
  url: PlatformUrl,
  about: { signal: PlatformSignal; state: string; redirectUri: string },
) => Promise<string | PlatformUrl> | string | PlatformUrl;

/** How {@link oauth} logs in. */
export interface OAuthOptions extends ProviderOptions {
  /** {@link popup}, {@link redirect}, {@link loopback}, {@link deviceCode} or a function of your own. */
  authorize: Authorize;
  /** Where logins come back to, exactly as registered; https, or http on this machine. A path is one of this page's origin. Not needed with {@link loopback} and {@link deviceCode}. */
  redirectUri?: string | PlatformUrl | undefined;
  /** A client that was registered by hand. It is used at one issuer only: the first one, or {@link ProviderOptions.issuer}. */
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  /** In place of a secret, the private key of that client (`private_key_jwt`): a `CryptoKey` with the usage `sign`, a JWK, or PKCS #8 as PEM. */
  key?: PlatformCryptoKey | PlatformJsonWebKey | string | undefined;
  /** Of a key that does not say it. Default: `ES256`. */
  alg?: 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'Ed25519' | 'EdDSA' | undefined;
  kid?: string | undefined;
  /** The https URL of a client metadata document (CIMD), used where that is supported. Elsewhere the client registers itself (RFC 7591). */
  clientMetadataUrl?: string | undefined;
  /** The name that users see when the client registers itself. Default: `MCP client`. */
  clientName?: string | undefined;
  /** Goes on with PKCE S256 where the authorization server does not declare it (Entra, Cognito). A list without S256 is refused always. Default: false. */
  assumePkce?: boolean | undefined;
  /** Further parameters of the authorization request, such as `audience` (Auth0). */
  parameters?: Record<string, string> | undefined;
}

/**
 * Logs users in by the authorization code flow with PKCE: `manager.connect(user, server, { auth: oauth({ … }) })`.
 *
 * Storage: an IndexedDB database in pages and their workers, the memory elsewhere.
 */
export function oauth(options: OAuthOptions): OAuthProvider;

/** Logs in in a window of its own. */
export function popup(options?: {
  /** Of `window.open`. */
  features?: string | undefined;
  /** The browser has blocked the window: show a button whose click calls `open`. Default: the login fails with `popup_blocked`. */
  onBlocked?(open: () => void): void;
  /**
   * The window looks closed. It may be open all the same: a login page with `Cross-Origin-Opener-Policy` looks like that. Ask whether to go on
   * waiting; `cancel` ends the login.
   */
  onClosed?(cancel: () => void): void;
}): Authorize;

/**
 * Logs in by leaving the page; `connect` of the page that it comes back to goes on. What it needs meanwhile is in `sessionStorage`, for ten minutes
 * and one use.
 */
export function redirect(options?: {
  /** A page of this origin to come back to. Default: the one that was left. */
  returnTo?: string | undefined;
}): Authorize;

/** The whole script of the page at `redirectUri`, for {@link popup} and {@link redirect}. */
export function callback(href?: string): void;

/** Logs in from a program of Node, Deno or Bun: prints the URL, opens the browser, and listens on 127.0.0.1 for the callback. */
export function loopback(options?: {
  /** Default: the one of the registered client if it is free, else a free one. */
  port?: number | undefined;
  /** Opens a browser. Default: the system's. */
  open?(url: string): unknown;
  /** Default: `console.error`. */
  print?(text: string): void;
  /** Uses a device code where one is offered. Default: whether a Linux machine has no display. */
  headless?: boolean | undefined;
}): Authorize;

/** Logs in with a code on another device (RFC 8628), at servers that offer it. */
export function deviceCode(show: (prompt: { url: string; completeUrl?: string; code: string }) => unknown): Authorize;

/** The client's own access, by its secret. Storage: memory. */
export function clientCredentials(options: ProviderOptions & { clientId: string; clientSecret: string }): OAuthProvider;

/** The client's own access, by its private key. Storage: memory. */
export function privateKeyJwt(
  options: ProviderOptions & {
    clientId: string;
    /** A `CryptoKey` with the usage `sign`, a JWK, or PKCS #8 as PEM. */
    key: PlatformCryptoKey | PlatformJsonWebKey | string;
    /** Of a key that does not say it. Default: `ES256`. */
    alg?: 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'Ed25519' | 'EdDSA' | undefined;
    kid?: string | undefined;
  },
): OAuthProvider;

/** Access by an assertion of another issuer (RFC 7523), such as a workload's identity. Storage: memory. */
export function jwtBearer(
  options: ProviderOptions & {
    clientId?: string | undefined;
    clientSecret?: string | undefined;
    assertion(about: {
      audience: string;
      tokenEndpoint: string;
      resource?: string;
      signal: PlatformSignal;
    }): string | Promise<string>;
  },
): OAuthProvider;

/** Enterprise-managed authorization: the user's ID token is exchanged at the identity provider for an assertion (ID-JAG). Storage: memory. */
export function enterprise(
  options: ProviderOptions & {
    clientId: string;
    clientSecret?: string | undefined;
    idp: {
      issuer?: string | undefined;
      tokenEndpoint?: string | undefined;
      clientId: string;
      clientSecret?: string | undefined;
    };
    idToken: string | ((about: { signal: PlatformSignal }) => string | Promise<string>);
  },
): OAuthProvider;

/** Forgets with the page or process. */
export function memoryStorage(): CredentialStorage;

/** A file that only its owner can read (mode 0600), for Node, Deno and Bun. Processes that share it refresh one at a time. */
export function fileStorage(path: string): CredentialStorage;

/** Why there is no token. It is the `cause` of the manager's `unauthorized`. */
export class OAuthError extends Error {
  readonly name: 'OAuthError';
  /** An OAuth error code such as `access_denied`, or one of ours: `issuer_mismatch`, `resource_mismatch`, `pkce_not_declared`, `popup_blocked` and others. */
  readonly code: string;
  /** The document or endpoint that it is about. */
  readonly url?: string;
  /** Of its response. */
  readonly status?: number;
  /** Whether the same may succeed later: what is stored stays. */
  readonly isTransient: boolean;
}

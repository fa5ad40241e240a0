// The whole script of login.html.
// @ts-check

const built = new URL('pkg/oauth.js', import.meta.url).href;
/** @type {typeof import('mcp-tether/oauth')} */
const { callback } = await import(built);
callback();

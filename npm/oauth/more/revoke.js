// @ts-check
// What becomes of tokens that are forgotten here (RFC 7009).

/**
 * The grant first, which takes its access tokens along at most servers.
 *
 * @param {import('../web.js').Web} web
 * @param {import('../credentials.js').Entry} entry
 * @param {typeof import('../tokens.js').post} post
 */
export async function revoke(web, { as, client, tokens }, post) {
  if (!tokens || !client) return;
  for (const [type, token] of Object.entries({ refresh_token: tokens.refresh, access_token: tokens.token })) {
    const parameters = { token, token_type_hint: type };
    // Here they are forgotten, whatever the answer is.
    if (token) await post(web, as, client, 'revocation_endpoint', parameters).catch(() => {});
  }
}

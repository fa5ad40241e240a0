// @ts-check
// Loads the flows that most pages never need. It lies beside oauth-more.js so that the address holds in the bundled entry.

export const more = () => import('./oauth-more.js');

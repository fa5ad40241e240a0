// Who examines CORS: it looks different to a page, to a program that speaks for one, and to a program that does not.
// @ts-check

import { CorsInTheOpen } from './cors-open.js';
import { CorsOfPage } from './cors-page.js';

/** @import { CorsDoctor } from './types.js' */
/** @import { Wire } from './wire.js' */

/** @param {Wire} wire @returns {CorsDoctor} */
export function corsDoctor(wire) {
  if (wire.hides) return new CorsOfPage(wire);
  return wire.origin ? new CorsInTheOpen(wire) : unconcerned(wire);
}

/** @param {Pick<Wire, 'isPage'>} wire @returns {CorsDoctor} */
function unconcerned({ isPage }) {
  const detail = isPage
    ? 'not needed: the server has the origin of this page'
    : 'not checked: no page is involved here; name one by its origin';
  return { examineSession: () => {}, examineEnd: () => ({ ok: true, detail }) };
}

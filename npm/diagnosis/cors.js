// Chooses the CORS check: for a page, for a program that passes the origin of a page, or none.
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
    ? 'not needed: this page and the server have the same origin'
    : 'not checked: this is not a page; pass the origin of one';
  return { examineSession: () => {}, examineEnd: () => ({ ok: true, detail }) };
}

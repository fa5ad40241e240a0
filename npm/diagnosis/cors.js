// Who examines CORS: it looks different to a page, to a program that speaks for one, and to a program that does not.

import { CorsInTheOpen } from './cors-open.js';
import { CorsOfPage } from './cors-page.js';

/** @returns {{ examineSession(server), examineEnd(server?, answer?) }} in the middle and at the end of a session; the latter gives the step */
export function corsDoctor(wire) {
  if (wire.hides) return new CorsOfPage(wire);
  return wire.origin ? new CorsInTheOpen(wire) : unconcerned(wire);
}

function unconcerned({ isPage }) {
  const detail = isPage
    ? 'not needed: the server has the origin of this page'
    : 'not checked: no page is involved here; name one by its origin';
  return { examineSession: () => {}, examineEnd: () => ({ ok: true, detail }) };
}

// The ids of the server's requests for the client: unique in the session across instances of its object.
// @ts-check

/** @param {number | string} number of a request @param {number | undefined} lives how many instances of the object have served the session */
export function idFor(number, lives) {
  return `${lives}.${number}`;
}

/**
 * The number of a request; undefined if a replaced instance sent it.
 * @param {unknown} id as the client saw it
 * @param {number | undefined} lives
 */
export function numberOf(id, lives) {
  const [asked, number] = String(id).split('.');
  return asked === String(lives) ? Number(number) : undefined;
}

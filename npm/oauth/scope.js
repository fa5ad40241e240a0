// @ts-check
// Sets of scopes, as OAuth writes them: divided by spaces.

/** @param {(string | undefined)[]} scopes @returns {string | undefined} */
export function union(...scopes) {
  return [...new Set(scopes.flatMap(split))].join(' ') || undefined;
}

/** Whether something is asked for that the second does not have. @param {string | undefined} wanted @param {string | undefined} has */
export function missing(wanted, has) {
  return split(wanted).some((one) => !split(has).includes(one));
}

/** @param {string | undefined} scope @param {string} one */
export const without = (scope, one) => union(...split(scope).filter((other) => other !== one));

/** @param {string | undefined} scope */
const split = (scope) => scope?.split(' ').filter(Boolean) ?? [];

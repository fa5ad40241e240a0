// The requests of 2026-07-28 that change nothing. They can be sent again, whatever became of them.
// @ts-check

const READS =
  /^(server\/discover|(tools|prompts|resources|resources\/templates)\/list|resources\/read|prompts\/get|completion\/complete)$/;

/** @param {string} method */
export function isRead(method) {
  return READS.test(method);
}

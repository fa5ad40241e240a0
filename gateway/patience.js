// Waiting for a promise, but not for long.
// @ts-check

/**
 * Resolves with the promise, or after this time.
 * @param {Promise<unknown>} promise
 * @param {number} millis
 */
export async function within(promise, millis) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

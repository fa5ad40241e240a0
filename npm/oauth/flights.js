// @ts-check
// One flight of a kind at a time: concurrent callers share it, and it ends early once none of them waits any more.

/** @typedef {{ promise: Promise<any>, waiting: number, aborter: AbortController }} Flight */

/**
 * @param {Map<string, Flight>} flights
 * @param {string} kind
 * @param {AbortSignal | undefined} signal of this caller
 * @param {(signal: AbortSignal) => Promise<any>} act
 * @returns {Promise<any>}
 */
export async function join(flights, kind, signal, act) {
  signal?.throwIfAborted();
  const flight = flights.get(kind) ?? takeOff(flights, kind, act);
  flight.waiting += 1;
  if (!signal) return flight.promise;
  return new Promise((resolve, reject) => {
    const leave = () => {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        flights.delete(kind);
        flight.aborter.abort(signal.reason);
      }
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave);
    flight.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** @param {Map<string, Flight>} flights @param {string} kind @param {(signal: AbortSignal) => Promise<any>} act */
function takeOff(flights, kind, act) {
  const aborter = new AbortController();
  const land = () => {
    if (flights.get(kind) === flight) flights.delete(kind);
  };
  const flight = { promise: act(aborter.signal).finally(land), waiting: 0, aborter };
  flights.set(kind, flight);
  return flight;
}

// The timers of the module. tools/trim-glue.mjs imports them into its glue in place of the globals, where an exception would pass through code that
// cannot catch it.

let host = { setTimeout: (handler, delay) => globalThis.setTimeout(handler, delay), hold() {} };

// How many managers of the module wait for nothing but a timer.
let holders = 0;

/** For entries: `setTimeout` makes a timer that by itself keeps no process alive, and `hold(holds)` keeps it alive, or lets it end. */
export function setTimers(timers) {
  host = timers;
}

/** Where the host refuses a timer, as workerd does outside of a request, there is none. */
export function setTimeout(handler, delay) {
  try {
    return host.setTimeout(handler, delay);
  } catch {}
}

export function clearTimeout(timer) {
  try {
    globalThis.clearTimeout(timer);
  } catch {}
}

/** One more manager needs the process to stay alive, or one fewer. */
export function holdProcess(holds) {
  holders += holds ? 1 : -1;
  if (holders === Number(holds)) host.hold(holds);
}

// The timers of the module. tools/trim-glue.mjs imports them into its glue in place of the globals, where an exception would pass through code that
// cannot catch it.

// Of the entry, if it has its own; the platform's otherwise.
let host;

// How many managers of the module wait for nothing but a timer.
let holders = 0;

/** For entries whose host waits for timers: `setTimeout` makes one that by itself keeps no process alive, and `hold(holds)` keeps it alive, or lets it end. */
export function setTimers(timers) {
  host = timers;
}

/** Where the host refuses a timer, as workerd does outside of a request, there is none. */
export function setTimeout(handler, delay) {
  const timer = { handler };
  try {
    timer.id = (host ?? globalThis).setTimeout(() => timer.handler?.(), delay);
    return timer;
  } catch {}
}

/** The timer does nothing any more, also where it fires: fake timers of tests do not clear those that were set before them. */
export function clearTimeout(timer) {
  try {
    timer.handler = undefined;
    globalThis.clearTimeout(timer.id);
  } catch {}
}

/** One more manager needs the process to stay alive, or one fewer. */
export function holdProcess(holds) {
  holders += holds ? 1 : -1;
  if (holders === Number(holds)) host?.hold(holds);
}

// Ends a server process on request, and also when the process that started it is gone.
import { fstatSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * True if this module is the program that Node was started with.
 * @param {string} moduleUrl the module's import.meta.url
 */
export function isMain(moduleUrl) {
  return Boolean(process.argv[1]) && moduleUrl === pathToFileURL(process.argv[1]).href;
}

/**
 * Runs until SIGTERM, SIGINT or SIGHUP, or until the pipe on standard input closes; then calls `close` and exits.
 * Standard input counts only when it is a pipe: a terminal or /dev/null says nothing about the parent.
 * @param {() => Promise<void> | void} close
 * @returns {() => void} the function that stops the process in the same way
 */
export function runUntilStopped(close) {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), 5_000).unref();
    await close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
  if (standardInputIsPipe()) {
    process.stdin.on('end', stop).on('close', stop).on('error', stop);
    process.stdin.resume();
  }
  return stop;
}

/**
 * The command line options of a server: `--name value`, or `--name` alone for true.
 * @param {string[]} [words]
 * @returns {Record<string, string | true>}
 */
export function commandLineOptions(words = process.argv.slice(2)) {
  const options = {};
  for (let index = 0; index < words.length; index += 1) {
    if (!words[index].startsWith('--')) throw new Error(`unexpected argument: ${words[index]}`);
    const [name, value] = words[index].slice(2).split('=', 2);
    const next = words[index + 1];
    if (value !== undefined) options[name] = value;
    else if (next === undefined || next.startsWith('--')) options[name] = true;
    else {
      options[name] = next;
      index += 1;
    }
  }
  return options;
}

function standardInputIsPipe() {
  try {
    const status = fstatSync(0);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}

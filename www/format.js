// Formats durations, counts and times.
// @ts-check

// A number and its unit stay on one line.
const space = '\u00A0';

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)}${space}ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)}${space}s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)}${space}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}${space}min ${Math.floor((ms % 60_000) / 1000)}${space}s`;
  return `${Math.floor(minutes / 60)}${space}h ${minutes % 60}${space}min`;
}

// Created once: creating a formatter costs more than a thousand uses.
const clockFormat = new Intl.DateTimeFormat([], {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
/** @param {number} ms */
export function clock(ms) {
  return clockFormat.format(ms);
}

const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
  return `${words[n] ?? n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)} KB`;
}

// Names what the module imports after its glue, so that no other build's glue links to it. The short names of wasm-opt are the same in every build, for
// other functions: an old file out of a cache would link without an error, and call the wrong ones.

import { createHash } from 'node:crypto';

const IMPORTS = 2; // the section's id (WebAssembly core specification, §5.5.5)

/** Two letters for what the module and its glue call each other. */
export function fingerprint(names) {
  const digest = createHash('sha256').update(JSON.stringify(names)).digest();
  return String.fromCharCode(...digest.subarray(0, 2).map((byte) => 97 + (byte % 26)));
}

/** The module with another name in place of the one from which all imports come. */
export function withModuleName(bytes, name) {
  const sections = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length; ) {
    const [length, begin] = read(bytes, at + 1);
    const end = begin + length;
    const section = bytes[at] === IMPORTS ? renamed(bytes.subarray(begin, end), name) : bytes.subarray(begin, end);
    sections.push(bytes.subarray(at, at + 1), number(section.length), section);
    at = end;
  }
  return Buffer.concat(sections);
}

function renamed(section, name) {
  let [count, at] = read(section, 0);
  const parts = [number(count)];
  for (; count > 0; count--) {
    const [moduleLength, module] = read(section, at);
    const field = module + moduleLength;
    const [fieldLength, begin] = read(section, field);
    const kind = begin + fieldLength;
    if (section[kind] !== 0) throw new Error('the module imports more than functions');
    [, at] = read(section, kind + 1);
    parts.push(number(name.length), Buffer.from(name), section.subarray(field, at));
  }
  return Buffer.concat(parts);
}

/** An unsigned number in LEB128, and the place after it. */
function read(bytes, from) {
  let value = 0;
  for (let at = from, shift = 0; ; at++, shift += 7) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return [value, at + 1];
  }
}

function number(value) {
  const bytes = [];
  for (let left = value; bytes.length === 0 || left > 0; left >>>= 7)
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  return Buffer.from(bytes);
}

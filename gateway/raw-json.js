// JSON that stays text. What the gateway need not understand (params, results, error data) is passed on as the sender wrote it: numbers beyond 2⁵³, 1e400,
// 1.0, -0, duplicate keys and the order of keys survive, which they would not as JavaScript values.
//
// `parse`, `write` and the functions after them are also the module's access to its payloads (src/web/sys/raw.rs).
// @ts-check

/** @typedef {{ name: string, start: number, end: number }} Range a member of an object, and where its value is in the text */

const SIMPLE = /^\w+$/; // keys without escapes: JSON.stringify takes several times as long
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/** A JSON object or array, or a number that JavaScript would write differently, with its text. */
export class RawJson {
  #value;
  #text;
  /** @type {Range[] | undefined} */
  #ranges; // of an object's members, located at the first use
  /** @type {Map<string, unknown> | undefined} */
  #changes; // members set since

  /**
   * @param {unknown} value what JSON.parse makes of it
   * @param {string | (() => string)} text without whitespace around it, or a function that finds it
   */
  constructor(value, text) {
    this.#value = value;
    this.#text = text;
  }

  /** The JavaScript value, in which numbers may differ from the text. */
  get value() {
    return this.#value;
  }

  get isArray() {
    return Array.isArray(this.#value);
  }

  get isObject() {
    return typeof this.#value === 'object' && !this.isArray;
  }

  /** The value of a number; undefined for anything else. */
  get number() {
    return typeof this.#value === 'number' ? this.#value : undefined;
  }

  // The text as it was written.
  get #source() {
    if (typeof this.#text !== 'string') this.#text = this.#text();
    return this.#text;
  }

  /** The JSON text: the original, except for members that were set. */
  get text() {
    if (!this.#changes) return this.#source;
    const source = this.#source;
    const added = new Map(this.#changes);
    let text = '';
    let from = 0;
    for (const { name, start, end } of this.members) {
      if (!this.#changes.has(name)) continue;
      // Each duplicate gets the value: readers differ in which of them counts.
      text += source.slice(from, start) + write(this.#changes.get(name));
      from = end;
      added.delete(name);
    }
    text += source.slice(from, -1);
    let separator = this.members.length > 0 ? ',' : '';
    for (const [name, value] of added) {
      text += `${separator}${JSON.stringify(name)}:${write(value)}`;
      separator = ',';
    }
    return `${text}}`;
  }

  /** Where the members of an object are. */
  get members() {
    this.#ranges ??= this.isObject ? rangesOf(this.#source) : [];
    return this.#ranges;
  }

  /** Whether a key of the object occurs twice. */
  get repeats() {
    // The value has one property for both.
    return this.isObject && this.members.length !== Object.keys(/** @type {object} */ (this.#value)).length;
  }

  /** The text of a member's value, as it was written; undefined if there is none. @param {string} name */
  token(name) {
    const { members } = this;
    // Of duplicates the last counts, as for JSON.parse.
    for (let at = members.length - 1; at >= 0; at -= 1) {
      const { name: found, start, end } = members[at];
      if (found === name) return this.#source.slice(start, end);
    }
    return undefined;
  }

  /** A member; undefined if there is none. @param {string} name @returns {unknown} */
  get(name) {
    if (this.#changes?.has(name)) return this.#changes.get(name);
    const members = /** @type {Record<string, unknown>} */ (this.#value);
    if (!Object.hasOwn(members, name)) return undefined;
    const value = members[name];
    return needsText(value) ? wrapped(value, () => this.token(name) ?? '') : value;
  }

  /** Sets a member of an object. @param {string} name @param {unknown} value */
  set(name, value) {
    this.#changes ??= new Map();
    this.#changes.set(name, value);
    return this;
  }

  /** A copy whose members can be set. */
  copy() {
    const copy = new RawJson(this.#value, this.#text);
    copy.#ranges = this.#ranges;
    if (this.#changes) copy.#changes = new Map(this.#changes);
    return copy;
  }

  /** The names of an object's members. @returns {string[]} */
  keys() {
    return Object.keys({ .../** @type {object} */ (this.#value), ...Object.fromEntries(this.#changes ?? []) });
  }

  /** The items of an array. @returns {unknown[]} */
  items() {
    const source = this.#source;
    let end = 0;
    return /** @type {unknown[]} */ (this.#value).map((item) => {
      const start = space(source, end + 1);
      end = endOfValue(source, start);
      const text = source.slice(start, end);
      end = space(source, end);
      return wrapped(item, () => text);
    });
  }
}

/** Parses JSON: @param {string} text @returns {unknown} */
export function read(text) {
  return wrapped(JSON.parse(text), () => text.trim());
}

/**
 * Parses JSON. A message is ambiguous if one of its own keys occurs twice, so that is an error; further inside, duplicate keys are for the receiver to judge.
 * @param {string} text
 * @returns {unknown}
 */
export function parse(text) {
  const value = read(text);
  if (value instanceof RawJson && value.repeats) throw new SyntaxError('a key of the message occurs twice');
  return value;
}

/** @param {string | undefined} text */
function parsed(text) {
  try {
    return parse(text ?? '');
  } catch {
    return undefined;
  }
}

/**
 * The JSON of a body, or all messages of an event stream that came with an error status or without its `Content-Type`; undefined for other text. As
 * `parseBody` of the package's host.js.
 * @param {string} text
 * @returns {unknown}
 */
export function parseBody(text) {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  const dataOf = (/** @type {string} */ event) => event.match(/^data:[^\r\n]*/gm)?.map((line) => line.slice(5));
  const messages = text.split(/\r\n\r\n|\n\n|\r\r/).flatMap((event) => parsed(dataOf(event)?.join('')) ?? []);
  return messages.length > 0 ? messages : undefined;
}

/** Parses the text of an object, such as a message's params; an empty object for anything else. @param {string | undefined} text @returns {RawJson} */
export function objectOf(text) {
  const params = text === undefined ? undefined : parse(text);
  return params instanceof RawJson && params.isObject ? params : new RawJson({}, '{}');
}

/**
 * The JSON text of any value, with the parts that are text already; undefined if it has no JSON form.
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function write(value) {
  if (value instanceof RawJson) return value.text;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? 'null').join(',')}]`;
  const prototype = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return JSON.stringify(value);
  let text = '';
  for (const name in value) {
    const written = write(/** @type {Record<string, unknown>} */ (value)[name]);
    if (written !== undefined)
      text += `${text && ','}${SIMPLE.test(name) ? `"${name}"` : JSON.stringify(name)}:${written}`;
  }
  return `{${text}}`;
}

/** The JavaScript value. @param {unknown} value @returns {any} */
export function plain(value) {
  return value instanceof RawJson ? value.value : value;
}

/** A member of any value. @param {any} value @param {string} name */
export function memberOf(value, name) {
  return value instanceof RawJson ? value.get(name) : value[name];
}

/** Sets a member. @param {any} value @param {string} name @param {unknown} member */
export function put(value, name, member) {
  if (value instanceof RawJson) value.set(name, member);
  else value[name] = member;
}

/** The names of an object's members; undefined for other values. @param {any} value */
export function keysOf(value) {
  if (!isObject(value)) return undefined;
  return value instanceof RawJson ? value.keys() : Object.keys(value);
}

/** The items of an array; undefined for other values. @param {unknown} value @returns {unknown[] | undefined} */
export function itemsOf(value) {
  if (value instanceof RawJson) return value.isArray ? value.items() : undefined;
  return Array.isArray(value) ? value : undefined;
}

/** The value of a number; undefined for other values. @param {unknown} value @returns {number | undefined} */
export function numberOf(value) {
  if (typeof value === 'number') return value;
  return value instanceof RawJson ? value.number : undefined;
}

/** Whether it is an object other than an array. @param {unknown} value */
export function isObject(value) {
  if (value instanceof RawJson) return value.isObject;
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy whose members can be set; empty for anything but an object. @param {any} value */
export function copyOf(value) {
  if (!isObject(value)) return {};
  return value instanceof RawJson ? value.copy() : { ...value };
}

// HTML §9.2.6, but not all of it: one event with one line of data, which is an object, and nothing that a client would have to remember.
const SOLE = /^(?:event: ?message\r?\n)?data: ?(\{[^\r\n]*)(?:\r?\n){2}$/;

/** The data of an event stream that consists of one message, and of no batch; undefined for any other. @param {string} stream */
export function soleData(stream) {
  return SOLE.exec(stream)?.[1];
}

// Text, booleans and null are written as they were.
/** @param {unknown} value */
function needsText(value) {
  return typeof value === 'number' || (typeof value === 'object' && value !== null);
}

/** @param {unknown} value @param {() => string} source @returns {unknown} */
function wrapped(value, source) {
  if (typeof value === 'object' && value !== null) return new RawJson(value, source);
  if (typeof value !== 'number') return value;
  const text = source();
  return String(value) === text ? value : new RawJson(value, text);
}

// The functions below expect valid text.

/** @param {string} text of an object */
function rangesOf(text) {
  /** @type {Range[]} */
  const ranges = [];
  let at = space(text, 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at);
    const start = space(text, space(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    const key = text.slice(at, keyEnd);
    ranges.push({ name: key.includes('\\') ? JSON.parse(key) : key.slice(1, -1), start, end });
    at = space(text, end);
    if (text.charCodeAt(at) === COMMA) at = space(text, at + 1);
  }
  return ranges;
}

/** @param {string} text @param {number} at */
function endOfValue(text, at) {
  let depth = 0;
  for (let next = at; ; next += 1) {
    const code = text.charCodeAt(next);
    if (code === QUOTE) {
      next = endOfString(text, next);
      if (depth === 0) return next;
      next -= 1;
    } else if (code === OBJECT || code === ARRAY) {
      depth += 1;
    } else if (code === OBJECT_END || code === ARRAY_END) {
      depth -= 1;
      if (depth === 0) return next + 1;
    } else if (depth === 0) {
      return endOfScalar(text, next);
    }
  }
}

/** @param {string} text @param {number} at */
function endOfString(text, at) {
  let end = text.indexOf('"', at + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

// Whether an odd number of backslashes precedes.
/** @param {string} text @param {number} at */
function isEscaped(text, at) {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

const AFTER_SCALAR = /[^\w.+-]|$/g;

/** @param {string} text @param {number} at */
function endOfScalar(text, at) {
  AFTER_SCALAR.lastIndex = at;
  return AFTER_SCALAR.exec(text)?.index ?? text.length;
}

// RFC 8259 §2: all characters up to the space that may occur outside of strings.
/** @param {string} text @param {number} at */
function space(text, at) {
  let next = at;
  while (text.charCodeAt(next) <= 0x20) next += 1;
  return next;
}

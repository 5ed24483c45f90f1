import { isUtf8 } from 'node:buffer';

/** The members of a JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

const BACKSLASH = 0x5c;
const COLON = 0x3a;
const QUOTE = 0x22;

/** The JSON object in a segment of a token; undefined if it is none, or not a plain one. */
export function objectIn(segment: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return isObject(value) && isPlain(segment, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether what a segment was parsed to is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether every parser would read the same in a segment: it is UTF-8 and names no member twice, which RFC 7515,
 * section 4, and RFC 7519, section 4, leave to the parser. `value` is what it was parsed to: JSON has a colon outside
 * of strings for each member, and parsing has lost some if there are more of them.
 */
export function isPlain(segment: string, value: JsonObject): boolean {
  const bytes = Buffer.from(segment, 'base64url');
  return isUtf8(bytes) && colonsIn(bytes) === membersOf(value);
}

function colonsIn(bytes: Uint8Array): number {
  let colons = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === BACKSLASH) at += 1;
    else if (byte === COLON && !quoted) colons += 1;
  }
  return colons;
}

/** Without recursion, so that no depth can exhaust the stack. */
function membersOf(value: object): number {
  let members = 0;
  const found = [value];
  for (const each of found) {
    const inner: unknown[] = Object.values(each);
    if (!Array.isArray(each)) members += inner.length;
    for (const one of inner) if (typeof one === 'object' && one !== null) found.push(one);
  }
  return members;
}

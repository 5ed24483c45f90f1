import { type Dictionary, parseDictionary } from 'structured-headers';

/** Strings and display strings, then inner lists: what may hold a comma that separates no members. */
const strings = /%"[^"]*"|"(?:\\.|[^"\\])*"/g;
const innerLists = /\([^)]*\)/g;

/**
 * Reads a dictionary (RFC 9651, section 4.2.2). Undefined where it is none, and where it names a member twice: the
 * last one would win here, and another reader may take the first.
 */
export function readDictionary(value: string): Dictionary | undefined {
  let dictionary: Dictionary;
  try {
    dictionary = parseDictionary(value);
  } catch {
    return undefined;
  }
  const separators = value.replace(strings, '').replace(innerLists, '').split(',').length - 1;
  return separators === Math.max(0, dictionary.size - 1) ? dictionary : undefined;
}

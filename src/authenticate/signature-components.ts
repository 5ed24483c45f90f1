import {
  type InnerList,
  type Item,
  type Parameters,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';
import { readDictionary } from './structured-dictionary.js';

/** What a signature may cover of a request. */
export interface SignedMessage {
  readonly method: string;
  /** In lower case, such as `https`. */
  readonly scheme: string;
  /** Host in lower case, with the port unless it is the scheme's default. */
  readonly authority: string;
  /** As sent. Begins with a slash. */
  readonly path: string;
  /** As sent, with its question mark; empty where there is none. */
  readonly query: string;
  /** The values of a field, one for each of its lines, by its name in lower case. */
  lines(name: string): readonly string[];
}

/**
 * The value of a component (RFC 9421, sections 2.1 and 2.2). Undefined where the request does not have it, and for
 * what is of responses (`@status`, `req`), in trailers (`tr`), or unknown.
 */
export function componentValue(message: SignedMessage, [name, parameters]: Item): string | undefined {
  if (typeof name !== 'string') return undefined;
  if (name === '@query-param') return queryParam(message, parameters);
  if (name.startsWith('@')) return parameters.size === 0 ? derived(message, name) : undefined;
  return fieldValue(message.lines(name), parameters);
}

function derived(
  { method, scheme, authority, path, query }: SignedMessage,
  name: string,
): string | undefined {
  switch (name) {
    case '@method':
      return method;
    case '@target-uri':
      return `${scheme}://${authority}${path}${query}`;
    case '@authority':
      return authority;
    case '@scheme':
      return scheme;
    case '@request-target':
      return path + query;
    case '@path':
      return path;
    case '@query':
      return query || '?';
    default:
      return undefined;
  }
}

/** One parameter of a form in the query (section 2.2.8), decoded and encoded again. One that is there twice is none. */
function queryParam(message: SignedMessage, parameters: Parameters): string | undefined {
  const name = parameters.get('name');
  return typeof name === 'string' && parameters.size === 1 ? formOf(message).get(name) : undefined;
}

const forms = new WeakMap<SignedMessage, ReadonlyMap<string, string | undefined>>();

/** The parameters by their name, decoded once, however many are covered. */
function formOf(message: SignedMessage): ReadonlyMap<string, string | undefined> {
  const known = forms.get(message);
  if (known) return known;
  const form = new Map<string, string | undefined>();
  for (const [name, value] of new URLSearchParams(message.query)) {
    const encoded = formEncoded(name);
    form.set(encoded, form.has(encoded) ? undefined : formEncoded(value));
  }
  forms.set(message, form);
  return form;
}

/** The percent-encode set of application/x-www-form-urlencoded (URL Standard, section 1.3), spaces as `%20`. */
function formEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function fieldValue(lines: readonly string[], parameters: Parameters): string | undefined {
  if (lines.length === 0) return undefined;
  const values = lines.map(trimmed);
  const value = values.join(', ');
  switch (kindOf(parameters)) {
    case '':
      return value;
    case 'bs':
      return values.map((each) => serializeItem(Buffer.from(each, 'latin1'), new Map())).join(', ');
    case 'sf':
    case 'key':
    case 'key,sf':
      return structuredValue(value, parameters.get('key'));
    default:
      return undefined;
  }
}

/** Unfolds a value, and takes off spaces and tabs. By hand: a pattern would go over a run of them again and again. */
function trimmed(line: string): string {
  const value = line.replace(/\r?\n[ \t]+/g, ' ');
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start += 1;
  while (start < end && isBlank(value[end - 1])) end -= 1;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Which parameters there are. Of those that are switches, one that is switched off is none that we know. */
function kindOf(parameters: Parameters): string {
  return [...parameters]
    .map(([name, value]) => (name === 'key' || value === true ? name : 'off'))
    .sort()
    .join();
}

/** A dictionary, or one member of it, serialized anew (sections 2.1.1 and 2.1.2). Other types are not told apart. */
function structuredValue(value: string, key: unknown): string | undefined {
  const dictionary = readDictionary(value);
  if (dictionary === undefined) return undefined;
  if (key === undefined) return serializeDictionary(dictionary);
  const member = typeof key === 'string' ? dictionary.get(key) : undefined;
  if (member === undefined) return undefined;
  const [first] = member;
  return Array.isArray(first) ? serializeInnerList(member as InnerList) : serializeItem(member as Item);
}

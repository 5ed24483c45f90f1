import { originForm } from './request-target.js';

/** The path of a request target: what stands before the query, without scheme and host. */
export function pathOf(target: string): string {
  const url = originForm(target);
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Whether a path is a prefix or stands below it, on whole segments: `/api/kgot` has `/api/kgot/x`, not `/api/kgotx`. */
export function isBelow(path: string, prefix: string): boolean {
  if (prefix === '/') return path.startsWith('/');
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH;
}

const SLASH = 0x2f;

/** Dot segments, encoded ones and those with parameters too, with an encoded slash counting as a separator. */
const dotSegment = /(?:^|\/|%2f)(?:\.|%2e){1,2}(?=\/|%2f|;|%3b|$)/i;

/** Back slashes, NUL and other control characters, a fragment. */
const oddCharacter = /[\\#]|%5c|%0[0-9a-f]|%1[0-9a-f]|%7f|[^\x21-\x7e]/i;

/**
 * Whether two parsers could read a path differently, so that what was checked is not what is reached.
 * Such a path is refused, not tidied up.
 */
export function isAmbiguousPath(path: string): boolean {
  return path.charCodeAt(0) !== SLASH || dotSegment.test(path) || oddCharacter.test(path);
}

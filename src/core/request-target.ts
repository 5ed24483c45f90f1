/** A host and port (RFC 3986, section 3.2), without a user, and without the comma that would make two of it in a list. */
const authority = String.raw`(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+;=-]+)(?::\d*)?`;

const absolute = new RegExp(`^https?://(${authority})(?=[/?]|$)`, 'i');
const wholeAuthority = new RegExp(`^${authority}$`, 'i');

/** Whether a value of `Host` names one host. An empty one names none, as it may (RFC 9112, section 3.2). */
export function isHost(value: string): boolean {
  return value === '' || wholeAuthority.test(value);
}

/**
 * A request target without scheme and host: a server must take `GET http://host/path` for `GET /path` (RFC 9112,
 * section 3.2.2). Any other target as it is.
 */
export function originForm(target: string): string {
  if (target.charCodeAt(0) === SLASH) return target;
  const start = absolute.exec(target)?.[0];
  if (start === undefined) return target;
  const rest = target.slice(start.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

/** The host in a target of absolute form, which counts in place of `Host`. */
export function hostInTarget(target: string): string | undefined {
  return target.charCodeAt(0) === SLASH ? undefined : absolute.exec(target)?.[1];
}

const SLASH = 0x2f;

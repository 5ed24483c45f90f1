import { isBelow } from '../core/path.js';

/** What a rule of a service is about. */
interface Scope {
  readonly methods?: readonly string[] | undefined;
  readonly path?: string | undefined;
}

/**
 * The first rule that fits a method and a path below the service's. Paths are compared as upstreams read them: what is
 * percent-encoded stands for itself, or `/%61dmin` would be let past a rule about `/admin`.
 */
export function firstFit<Rule extends Scope>(
  rules: readonly Rule[],
  method: string,
  path: string,
): Rule | undefined {
  const read = decoded(path);
  return rules.find(
    (rule) =>
      (rule.methods === undefined || rule.methods.includes(method)) &&
      (rule.path === undefined || isBelow(read, rule.path) || isBelow(read, decoded(encodeURI(rule.path)))),
  );
}

/** Octets as characters, decoded once; an encoded slash does not end a segment, and stays as it is. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/%(?!2f)([\da-f]{2})/gi, (_octet, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

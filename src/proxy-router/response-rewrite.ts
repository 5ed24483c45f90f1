import type { IncomingMessage } from 'node:http';
import type { FieldRewrite } from './response-headers.js';
import type { Service } from './service.js';
import type { Target } from './target.js';

/** Turns what an upstream says of its own place into what holds at the gateway; undefined where nothing is to be turned. */
export function responseRewrite(
  service: Service,
  target: Target,
  req: IncomingMessage,
): FieldRewrite | undefined {
  const { rewriteLocation, rewriteCookies } = service;
  if (!rewriteLocation && !rewriteCookies) return undefined;
  const prefix = mountOf(req) + (service.stripPrefix && service.path !== '/' ? service.path : '');
  return (name, value) => {
    if (rewriteLocation && (name === 'location' || name === 'content-location'))
      return locationAt(prefix, target, value);
    return rewriteCookies && name === 'set-cookie' ? cookieAt(prefix, target, value) : value;
  };
}

/** Where an app has mounted the router. */
function mountOf(req: IncomingMessage): string {
  return (req as { baseUrl?: string }).baseUrl ?? '';
}

/** A URL at the target, or a path there, as a path at the gateway. What is elsewhere stays. */
function locationAt(prefix: string, target: Target, value: string): string {
  const base = `${target.origin}${target.basePath}/`;
  if (!URL.canParse(value, base)) return value;
  const absolute = /^[a-z][a-z0-9+.-]*:|^\/\//i.test(value);
  if (!absolute && !value.startsWith('/')) return value; // Relative to the request: holds as it is.
  const { origin, pathname, search, hash } = new URL(value, base);
  const below = belowBase(target, pathname);
  if (origin !== target.origin || below === undefined) return value;
  return prefix + below + search + hash;
}

/** RFC 6265, section 5.2: the path at the gateway, and no domain, so that the cookie is the gateway's. */
function cookieAt(prefix: string, target: Target, value: string): string {
  return value
    .split(';')
    .filter((part, at) => at === 0 || !/^\s*domain\s*=/i.test(part))
    .map((part, at) => {
      const path = at > 0 ? /^(\s*path\s*=\s*)(\/.*)$/i.exec(part) : null;
      if (path === null) return part;
      const [, name = '', given = ''] = path;
      return name + (prefix + (belowBase(target, given) ?? given) || '/');
    })
    .join(';');
}

/** A path at the target without its base path; undefined where it is not below that. */
function belowBase({ basePath }: Target, path: string): string | undefined {
  if (basePath === '') return path;
  if (path === basePath) return '/';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

import type { IncomingMessage } from 'node:http';
import type { ApiKeys } from '../authenticate/index.js';
import { refusalFor } from '../authenticate/require-permissions.js';
import type { ServiceMatcher } from '../circuit-breaker/index.js';
import type { Identity, ServiceMatch } from '../core/context.js';
import { isBelow } from '../core/path.js';
import type { ProxyRouterMiddleware } from '../proxy-router/index.js';

/** What the matcher asks. */
export interface FailoverOptions {
  readonly router: Pick<ProxyRouterMiddleware, 'matchNamed'>;
  /** Undefined where nobody authenticates. */
  readonly apiKeys: Pick<ApiKeys, 'get'> | undefined;
  /** Paths that need no credential. */
  readonly anonymousPaths: readonly string[];
}

/**
 * Finds what a request would be if another service took it over, and whether whoever sends it could have asked that one:
 * with the same identity, its permissions and methods of authentication, and the services that its key is for.
 */
export function failoverMatcher({ router, apiKeys, anonymousPaths }: FailoverOptions): ServiceMatcher {
  /** By identity, of which there is one for each state of a key. */
  const scopes = new WeakMap<Identity, Promise<readonly string[] | undefined>>();

  function scopeOf(identity: Identity, keyId: string, keys: Pick<ApiKeys, 'get'>) {
    const known = scopes.get(identity);
    if (known) return known;
    const asked = keys.get(keyId).then((key) => (key ? key.services : []));
    scopes.set(identity, asked);
    asked.catch(() => scopes.delete(identity));
    return asked;
  }

  function isAcceptable(identity: Identity, match: ServiceMatch): boolean {
    if (identity.method === 'anonymous')
      return match.anonymous === true || anonymousPaths.some((path) => isBelow(match.path, path));
    const method = identity.method === 'admin' ? 'api-key' : identity.method;
    return match.authentication?.includes(method) ?? true;
  }

  return function matchForFailover(req: IncomingMessage, name: string) {
    const asked = req.gateway?.service;
    const identity = req.gateway?.identity;
    const match = router.matchNamed(req, name);
    if (match === undefined || refusalFor(identity, match.permissions)) return undefined;
    // The credential is still there for the service that was asked, and is not for this one.
    if (asked?.forwardCredentials && !match.forwardCredentials) return undefined;
    if (identity === undefined || apiKeys === undefined) return match;
    if (!isAcceptable(identity, match)) return undefined;
    if (identity.keyId === undefined) return match;
    return scopeOf(identity, identity.keyId, apiKeys).then((services) =>
      services === undefined || services.includes(name) ? match : undefined,
    );
  };
}

import { isBelow, pathOf } from '../core/path.js';
import type { ResolvedService } from './options.js';

/** Who may send a request, as far as its service says. */
export interface Access {
  readonly permissions: readonly string[];
  /** Whether it needs no credential. */
  readonly anonymous: boolean;
  /** The methods of authentication that are accepted; undefined for all. */
  readonly authentication: readonly string[] | undefined;
}

type Rules = Pick<ResolvedService, 'access' | 'permissions' | 'authentication'>;

/** The first rule that fits decides; where none does, what the service says as a whole. */
export function accessOf(service: Rules, method: string, rest: string): Access {
  if (service.access.length > 0) {
    const path = pathOf(rest) || '/';
    for (const rule of service.access) {
      if (rule.methods && !rule.methods.includes(method)) continue;
      if (rule.path !== undefined && !isBelow(path, rule.path)) continue;
      return {
        permissions: rule.permissions,
        anonymous: rule.anonymous,
        authentication: rule.authentication,
      };
    }
  }
  return { permissions: service.permissions, anonymous: false, authentication: service.authentication };
}

import { pathOf } from '../core/path.js';
import type { ResolvedService } from './options.js';
import { firstFit } from './rule-match.js';

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
  const rule = service.access.length > 0 ? firstFit(service.access, method, pathOf(rest) || '/') : undefined;
  if (rule) {
    const { permissions, anonymous, authentication } = rule;
    return { permissions, anonymous, authentication };
  }
  return { permissions: service.permissions, anonymous: false, authentication: service.authentication };
}

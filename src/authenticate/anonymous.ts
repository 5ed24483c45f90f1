import type { Identity } from '../core/context.js';
import { isAmbiguousPath, isBelow, pathOf } from '../core/path.js';
import { ANONYMOUS_TIER } from '../core/tiers.js';
import type { Verdict, Verifier } from './verifier.js';

const identity: Identity = Object.freeze({
  id: 'anonymous',
  method: 'anonymous',
  tier: ANONYMOUS_TIER,
  permissions: Object.freeze([]),
  metadata: Object.freeze({}),
});

const accepted: Verdict = { identity };

/** Lets requests without a credential through on the paths listed and below them, and where their service says so. */
export function anonymousVerifier(paths: readonly string[]): Verifier {
  const prefixes = paths.map((path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path));
  return function verifyAnonymous(req, context) {
    if (context.service?.anonymous) return accepted;
    const path = pathOf(req.url ?? '/');
    return prefixes.some((prefix) => isBelow(path, prefix)) && !isAmbiguousPath(path) ? accepted : undefined;
  };
}

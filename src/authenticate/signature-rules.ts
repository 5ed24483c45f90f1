import type { Item } from 'structured-headers';
import type { PresentedSignature } from './presented-signature.js';
import type { ResolvedSignatures } from './signature-options.js';

/** The one algorithm (RFC 9421, section 3.3.3). */
const ALGORITHM = 'hmac-sha256';

/** What covers several components at once. */
const wholes: ReadonlyMap<string, readonly string[]> = new Map([
  ['@target-uri', ['@scheme', '@authority', '@path', '@query']],
  ['@request-target', ['@path', '@query']],
]);

/**
 * Why a signature is refused before it is verified (RFC 9421, section 3.2.1), for the client; undefined if it is not.
 * None of it depends on the key.
 *
 * @param now seconds since the epoch
 */
export function brokenRule(
  { algorithm, nonce, created, expires, components }: PresentedSignature,
  { maxSkewSeconds, requiredComponents }: Pick<ResolvedSignatures, 'maxSkewSeconds' | 'requiredComponents'>,
  hasBody: boolean,
  now: number,
): string | undefined {
  if (algorithm !== undefined && algorithm !== ALGORITHM) return `Signature algorithm must be ${ALGORITHM}`;
  if (nonce === undefined) return 'Signature must have a nonce';
  if (created > now + maxSkewSeconds) return 'Signature not yet valid';
  if (created < now - maxSkewSeconds || (expires !== undefined && expires <= now)) return 'Signature expired';
  const required = hasBody ? [...requiredComponents, 'content-digest'] : requiredComponents;
  const missing = required.flatMap(partsOf).find((name) => !covers(components, name));
  return missing && `Signature must cover ${missing}`;
}

/** Whether a component is covered. A part of it, such as one member of a field, does not count. */
export function covers(components: readonly Item[], wanted: string): boolean {
  return components.some(
    ([name, parameters]) =>
      [...parameters.keys()].every((parameter) => parameter === 'sf' || parameter === 'bs') &&
      partsOf(name as string).includes(wanted),
  );
}

function partsOf(name: string): readonly string[] {
  return wholes.get(name) ?? [name];
}

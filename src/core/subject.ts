import { createHash } from 'node:crypto';
import type { Identity } from './identity.js';

/**
 * Whom limits and usage are counted for: `key:<id>`, `jwt:<issuer>:<sub>`, `hmac:<id>`, `custom:<id>`, or
 * `ip:<address>` for whoever has no identity.
 */
export function subjectOf(identity: Identity | undefined, clientIp: string): string {
  if (identity === undefined || identity.method === 'anonymous') return `ip:${clientIp}`;
  switch (identity.method) {
    case 'jwt':
      return `jwt:${identity.issuer ?? ''}:${identity.id}`;
    case 'hmac':
    case 'custom':
      return `${identity.method}:${identity.id}`;
    default:
      return `key:${identity.id}`;
  }
}

/** A subject's name of bounded length. */
export function boundedSubject(subject: string): string {
  return subject.length <= 256 ? subject : `sha256:${createHash('sha256').update(subject).digest('hex')}`;
}

import type { Identity } from '../core/context.js';
import type { JsonObject } from './jwt-json.js';

/** Who sent a token. That it expires is not for handlers and upstreams, which get the rest. */
export class JwtIdentity implements Identity {
  readonly method = 'jwt';
  readonly #expiresAt: number;

  /** @param expiresAt milliseconds since the epoch; Infinity for never */
  constructor(
    readonly id: string,
    readonly issuer: string | undefined,
    readonly tier: string,
    readonly permissions: readonly string[],
    readonly metadata: JsonObject,
    expiresAt: number,
  ) {
    this.#expiresAt = expiresAt;
    Object.freeze(this);
  }

  /** When the token of an identity expires; undefined for an identity that has none. */
  static expiryOf(identity: Identity): number | undefined {
    return #expiresAt in identity ? identity.#expiresAt : undefined;
  }
}

import type { TierLimits } from './tiers.js';

/**
 * What an identity's `metadata` has. Declare what yours does, and it is typed in every handler. What a key or a token
 * has is not checked, so declare it optional.
 *
 * ```ts
 * declare module 'gatewright' {
 *   interface IdentityMetadata {
 *     readonly plan?: 'trial' | 'paid';
 *   }
 * }
 * ```
 */
export interface IdentityMetadata {
  readonly [name: string]: unknown;
}

/**
 * Who sent the request. Written by `authenticate()`.
 *
 * @typeParam Metadata what `metadata` has, for this identity alone. Default: what {@link IdentityMetadata} declares.
 */
export interface Identity<Metadata extends object = IdentityMetadata> {
  /** Stable name of the subject: a key's id survives its rotation. */
  readonly id: string;
  /** How the subject proved itself; `custom` where a function of the user's says so. */
  readonly method: 'api-key' | 'admin' | 'jwt' | 'hmac' | 'custom' | 'anonymous';
  /** Who vouches for it, where somebody else does: a JWT's issuer. */
  readonly issuer?: string | undefined;
  /** The tier whose limits hold. */
  readonly tier: string;
  /** `resource:action` strings; `*` stands for any resource, action, or both. */
  readonly permissions: readonly string[];
  /** What was stored with the key. */
  readonly metadata: Readonly<Metadata>;
  /** The API key's id, where one was used. */
  readonly keyId?: string | undefined;
  /** Limits of its own, merged over the tier's. */
  readonly limits?: TierLimits | undefined;
}

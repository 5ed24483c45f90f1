import type { Identity } from '../core/context.js';

/** What a ticket stands for: a key, which is looked up again when it is used, or somebody whom no key vouches for. */
export type TicketHolder =
  | { readonly keyHash: string }
  | { readonly keyHash?: undefined; readonly identity: Identity; readonly expiresAt?: number | undefined };

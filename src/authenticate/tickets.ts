import { hash, randomBytes } from 'node:crypto';
import type { Identity } from '../core/context.js';
import { AuthenticationError, ServiceUnavailableError } from '../core/errors.js';
import { CHALLENGE } from './challenge.js';
import { proofOf } from './proof.js';
import { storedHolder } from './stored-options.js';
import type { TicketHolder } from './ticket-holder.js';
import type { TicketStore } from './ticket-store.js';

/** What every ticket begins with. */
export const TICKET_PREFIX = 'gwt_';

/** 32 bytes in base64url. */
const form = /^gwt_[\w-]{43}$/;

/** A ticket that was just made. */
export interface IssuedTicket {
  /** The secret. It is not kept, and works once. */
  readonly ticket: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/**
 * Tickets for WebSockets and server-sent events, to which a browser can add no header fields: short-lived, for one
 * use, and in place of the credential of whoever asked for it.
 */
export class Tickets {
  readonly #store: TicketStore;
  readonly #ttlMs: number;

  constructor(store: TicketStore, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /**
   * Makes a ticket for whoever has this identity.
   *
   * @param identity the very one that `authenticate()` has left in `req.gateway.identity`
   * @throws AuthenticationError (401) for an anonymous identity, ServiceUnavailableError (503) where the store fails,
   *   TypeError for a key's identity that is not the very one
   */
  async issue(identity: Identity): Promise<IssuedTicket> {
    if (identity.method === 'anonymous') throw new AuthenticationError('Credentials are required', CHALLENGE);
    const holder = holderOf(identity);
    const now = Date.now();
    const leftMs = (proofOf(identity)?.expiresAt ?? Number.POSITIVE_INFINITY) - now;
    const ttlMs = Math.max(1, Math.floor(Math.min(this.#ttlMs, leftMs)));
    const ticket = TICKET_PREFIX + randomBytes(32).toString('base64url');
    try {
      await this.#store.put(keyOf(ticket), JSON.stringify(holder), ttlMs);
    } catch (cause) {
      throw new ServiceUnavailableError('authentication', 1, cause);
    }
    return { ticket, expiresAt: new Date(now + ttlMs).toISOString() };
  }

  /**
   * Takes a ticket, so that it is not good any more. Undefined for one that is unknown, used or expired.
   *
   * @throws ServiceUnavailableError where the store fails
   */
  async take(ticket: string): Promise<TicketHolder | undefined> {
    if (!form.test(ticket)) return undefined;
    try {
      const value = await this.#store.take(keyOf(ticket));
      return value ? storedHolder(value) : undefined;
    } catch (cause) {
      throw new ServiceUnavailableError('authentication', 1, cause);
    }
  }
}

function keyOf(ticket: string): string {
  return hash('sha256', ticket, 'base64url');
}

function holderOf(identity: Identity): TicketHolder {
  const { keyHash, expiresAt } = proofOf(identity) ?? {};
  if (keyHash !== undefined) return { keyHash };
  if (identity.method === 'api-key' || identity.method === 'admin')
    throw new TypeError('A ticket needs the very identity that authenticate() has left on the request');
  // In JSON, for ever is null.
  return { identity, expiresAt: Number.isFinite(expiresAt) ? expiresAt : undefined };
}

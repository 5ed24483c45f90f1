import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressSubject } from '../core/address-subject.js';

/** How many failures lock an address out, and for how long. */
export interface LockoutOptions {
  /** How many wrong credentials in a window. A positive integer. Default 100. */
  readonly failures?: number | undefined;
  /** Length of the window, in milliseconds; an address stays locked out until it ends. Default 60,000. */
  readonly windowMs?: number | undefined;
}

/** So many addresses may be locked out at a time; the oldest go free first. */
const MAX_LOCKED = 100_000;

/** So many addresses are counted at a time; those that have not failed for longest are forgotten first. */
const MAX_COUNTED = 100_000;

/** IPv6: what one customer usually has. */
const SUBNET_BITS = 64;

/**
 * Addresses that have presented too many wrong credentials. Never keys: that would let anyone lock a customer out.
 * rate-limiter-flexible counts; who is locked out is known without asking it.
 */
export class Lockout {
  readonly #failures: RateLimiterMemory;
  /** Whose failures are counted. */
  readonly #counted = new LRUCache<string, true>({
    max: MAX_COUNTED,
    dispose: (_value, subject) => void this.#failures.delete(subject),
  });
  readonly #locked = new LRUCache<string, number>({ max: MAX_LOCKED });

  constructor({ failures, windowMs }: { failures: number; windowMs: number }) {
    this.#failures = new RateLimiterMemory({ points: failures - 1, duration: windowMs / 1000 });
  }

  /** Milliseconds for which an address is locked out; 0 if it is not. */
  remainingMs(address: string): number {
    if (this.#locked.size === 0) return 0;
    const until = this.#locked.get(addressSubject(address, SUBNET_BITS)) ?? 0;
    return Math.max(0, until - performance.now());
  }

  /** Notes a wrong credential. */
  failed(address: string): void {
    const subject = addressSubject(address, SUBNET_BITS);
    this.#counted.set(subject, true);
    this.#failures.consume(subject).catch((refusal: unknown) => {
      if (refusal instanceof RateLimiterRes)
        this.#locked.set(subject, performance.now() + refusal.msBeforeNext);
    });
  }
}

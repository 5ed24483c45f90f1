import { LRUCache } from 'lru-cache';
import { ServiceUnavailableError } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { FetchBudget } from './fetch-budget.js';
import { fetchKeys } from './jwks-document.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { chooseKey, type JwtKey, type JwtKeys } from './jwt-keys.js';
import type { ResolvedJwt } from './jwt-options.js';

type JwksSettings = NonNullable<ResolvedJwt['jwks']>;

/** How many `kid`s that nobody knows are remembered. */
const MAX_UNKNOWN = 1000;

/**
 * The keys of a provider. They are always had as a set: a `kid` that is new costs one request, which all who wait for
 * it share, and brings every other new one along. So a stream of invented `kid`s can use up what may be asked in a
 * minute without harm to those who have a real one.
 *
 * jwks-rsa was not taken: it asks once for each `kid`, a provider that stops in mid-answer makes it wait for ever, and
 * once invented `kid`s have used up its limit it doesn't renew known keys either (4.1.0).
 */
export class JwksKeys implements JwtKeys {
  readonly #settings: JwksSettings;
  readonly #algorithms: readonly JwtAlgorithm[];
  readonly #logger: Logger;
  readonly #budget: FetchBudget;
  readonly #unknown = new LRUCache<string, number>({ max: MAX_UNKNOWN });
  #keys: readonly JwtKey[] = [];
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  /** Why the provider could not be asked the last time; undefined where it could. */
  #failure: unknown;

  constructor(settings: JwksSettings, algorithms: readonly JwtAlgorithm[], logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#algorithms = algorithms;
    this.#budget = new FetchBudget(settings.requestsPerMinute);
  }

  /** At once where the answer is known, and for a known key also while the provider is away. */
  find(algorithm: JwtAlgorithm, kid: string | undefined): JwtKey | undefined | Promise<JwtKey | undefined> {
    const key = chooseKey(this.#keys, algorithm, kid);
    if (key !== undefined && this.#isYoungerThan(this.#settings.cacheTtlMs)) return key;
    if (key !== undefined && this.#failure !== undefined && this.#isUsable()) {
      this.#refresh();
      return key;
    }
    return key === undefined && this.#isUnknown(algorithm, kid) ? undefined : this.#ask(algorithm, kid);
  }

  async #ask(algorithm: JwtAlgorithm, kid: string | undefined): Promise<JwtKey | undefined> {
    const fetching = this.#refresh();
    await fetching;
    const key = chooseKey(this.#keys, algorithm, kid);
    if (key !== undefined && this.#isUsable()) return key;
    if (key !== undefined || this.#failure !== undefined) {
      throw new ServiceUnavailableError('authentication', 1, this.#failure);
    }
    if (fetching !== undefined) this.#unknown.set(`${algorithm} ${kid ?? ''}`, performance.now());
    return undefined;
  }

  /** The request under way, else a new one; undefined where there have been too many. It does not reject. */
  #refresh(): Promise<void> | undefined {
    if (this.#fetching === undefined && this.#budget.take()) {
      const { url, timeoutMs } = this.#settings;
      this.#fetching = fetchKeys(url, timeoutMs, this.#algorithms)
        .then(
          (keys) => this.#keep(keys),
          (cause) => this.#note(cause),
        )
        .then(() => {
          this.#fetching = undefined;
        });
    }
    return this.#fetching;
  }

  /** A key that is still there stays the same object, and with it what it has verified. */
  #keep(fetched: readonly JwtKey[]): void {
    const before = this.#keys;
    this.#keys = fetched.map((key) => before.find((old) => isSame(old, key)) ?? key);
    this.#fetchedAt = performance.now();
    this.#note(undefined);
  }

  #note(failure: unknown): void {
    const before = this.#failure;
    this.#failure = failure;
    if ((before === undefined) === (failure === undefined)) return;
    const provider = new URL(this.#settings.url).origin;
    if (failure === undefined)
      this.#logger.info('The keys of the identity provider can be had again', { provider });
    else
      this.#logger.warn('The keys of the identity provider cannot be had', {
        provider,
        error: reason(failure),
      });
  }

  #isUnknown(algorithm: JwtAlgorithm, kid: string | undefined): boolean {
    const since = this.#unknown.get(`${algorithm} ${kid ?? ''}`);
    return since !== undefined && performance.now() - since < this.#settings.cooldownMs;
  }

  #isUsable(): boolean {
    return this.#isYoungerThan(this.#settings.cacheTtlMs + this.#settings.staleIfErrorMs);
  }

  #isYoungerThan(ms: number): boolean {
    return performance.now() - this.#fetchedAt < ms;
  }
}

/** `fetch()` says what went wrong in the cause of its error. */
function reason(failure: unknown): string {
  const cause = failure instanceof Error ? failure.cause : undefined;
  return String(cause ?? failure);
}

function isSame(one: JwtKey, other: JwtKey): boolean {
  return (
    one.kid === other.kid &&
    one.key.equals(other.key) &&
    one.algorithms.size === other.algorithms.size &&
    [...one.algorithms].every((algorithm) => other.algorithms.has(algorithm))
  );
}

import type { GatewayEvents } from '../core/events.js';
import { type Logger, silentLogger } from '../core/logger.js';
import type { RedisClient } from '../redis/client.js';
import { RedisGuard } from '../redis/guard.js';
import type { Breakers } from './breakers.js';
import type { BreakerPolicy } from './policy-options.js';
import { RedisBreakerState } from './redis-breaker-state.js';
import type { OperatorChange, SharedState } from './shared-state.js';

/** What {@link SharedBreakers} needs to know. */
export interface SharedBreakersOptions {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  readonly quorum: number;
  readonly heartbeatMs: number;
  /** The policy of a key that has no breaker here yet. */
  readonly policyOf: (key: string) => BreakerPolicy;
  readonly logger?: Logger | undefined;
  readonly events?: GatewayEvents | undefined;
}

/** So many heartbeats may be missed before a replica counts as gone, or before this one takes itself for cut off. */
const BEATS = 3;

/** How many replicas live, and how many of them see a key failing. */
export interface ReplicaCount {
  readonly alive: number;
  readonly failing: number;
}

/**
 * Breakers that replicas have in common. At each heartbeat a replica says which it sees failing, and holds those open
 * that enough others see failing; its own open by themselves all the same. Without Redis each goes by what it sees;
 * what an operator has isolated stays.
 */
export class SharedBreakers {
  readonly #options: SharedBreakersOptions;
  readonly #breakers: Breakers;
  readonly #state: RedisBreakerState;
  readonly #guard: RedisGuard;
  readonly #timer: NodeJS.Timeout;
  /** What operators have done here and Redis does not know yet. */
  readonly #untold = new Map<string, OperatorChange>();
  #counts: ReadonlyMap<string, number> = new Map();
  #alive = 0;
  /** What was read before an operator's change does not have it. */
  #changes = 0;
  #missed = 0;
  #beating = false;

  constructor(breakers: Breakers, options: SharedBreakersOptions) {
    const { client, keyPrefix, heartbeatMs, timeoutMs } = options;
    this.#breakers = breakers;
    this.#options = options;
    this.#state = new RedisBreakerState(client, keyPrefix, heartbeatMs * BEATS, (change) =>
      this.#carryOut(change),
    );
    this.#guard = new RedisGuard({
      timeoutMs,
      probe: () => this.#state.probe(),
      onChange: (available) => this.#redisChanged(available),
    });
    breakers.onMade = (key, breaker) => breaker.force(this.#isForced(key));
    this.#timer = setInterval(() => void this.#beat(), heartbeatMs).unref();
    void this.#beat();
  }

  /** Whether Redis answers. */
  get available(): boolean {
    return this.#guard.available;
  }

  /** Who sees a key failing. */
  countOf(key: string): ReplicaCount {
    return { alive: this.#alive, failing: this.#counts.get(key) ?? 0 };
  }

  /**
   * Does here what an operator wants, and tells all replicas.
   *
   * @returns whether they have been told; if not, they are as soon as Redis is back
   */
  async operate(change: OperatorChange): Promise<boolean> {
    this.#carryOut(change);
    this.#untold.set(change.key, change);
    await this.#tell(change).catch(() => undefined);
    return this.#untold.get(change.key) !== change;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#guard.run(() => this.#state.leave()).catch(() => undefined);
    this.#guard.close();
    this.#state.close();
  }

  #carryOut({ action, key, by }: OperatorChange): void {
    this.#changes += 1;
    if (action === 'isolate') this.#breakers.ensure(key, this.#options.policyOf(key)).isolate(by);
    else this.#breakers.get(key)?.reset(by);
  }

  async #tell(change: OperatorChange): Promise<void> {
    await this.#guard.run(() => this.#state.tell(change));
    if (this.#untold.get(change.key) === change) this.#untold.delete(change.key);
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      for (const change of this.#untold.values()) await this.#tell(change);
      const changes = this.#changes;
      const state = await this.#guard.run(() => this.#state.exchange(this.#failing()));
      this.#missed = 0;
      this.#count(state);
      if (changes === this.#changes) this.#catchUp(state);
    } catch {
      this.#missed += 1;
      if (this.#missed >= BEATS) this.#goByOneself();
    } finally {
      this.#beating = false;
    }
  }

  #failing(): string[] {
    const graceMs = BEATS * this.#options.heartbeatMs;
    return [...this.#breakers].flatMap(([key, breaker]) => (breaker.isFailing(graceMs) ? [key] : []));
  }

  #count({ views }: SharedState): void {
    const counts = new Map<string, number>();
    for (const key of views.flatMap((view) => [...new Set(view)]))
      counts.set(key, (counts.get(key) ?? 0) + 1);
    this.#counts = counts;
    this.#alive = views.length;
    this.#force();
  }

  #isForced(key: string): boolean {
    const failing = this.#counts.get(key) ?? 0;
    return failing > 0 && failing >= this.#options.quorum * this.#alive;
  }

  #force(): void {
    for (const [key, breaker] of this.#breakers) breaker.force(this.#isForced(key));
  }

  /** Does what operators did, if the message about it was lost; and writes down again what Redis has lost. */
  #catchUp({ operated }: SharedState): void {
    for (const [key, change] of operated) {
      if (change === undefined || this.#untold.has(key)) continue;
      const isIsolated = this.#breakers.get(key)?.isolatedBy !== undefined;
      if (isIsolated !== (change.action === 'isolate')) this.#carryOut({ ...change, key });
    }
    for (const [key, { isolatedBy: by }] of this.#breakers) {
      if (by === undefined || operated.has(key) || this.#untold.has(key)) continue;
      this.#untold.set(key, { action: 'isolate', key, by });
    }
  }

  #goByOneself(): void {
    this.#counts = new Map();
    this.#alive = 0;
    this.#force();
  }

  #redisChanged(available: boolean): void {
    const { logger = silentLogger, events } = this.#options;
    const mode = available ? 'shared' : 'local';
    if (available) logger.info('Redis is back: replicas share the state of breakers again', { mode });
    else logger.warn('Redis is unavailable: each replica goes by its own breakers', { mode });
    events?.publish('storeMode', { store: 'circuit_breaker', mode });
    if (!available) this.#goByOneself();
  }
}

import { ConfigError } from '../core/config-error.js';
import { checkOptions, tierLimitsSchema } from '../core/options.js';
import { boundedSubject } from '../core/subject.js';
import type { TierLimits } from '../core/tiers.js';
import type { LimitChanges } from './limit-book.js';

/** So many tiers and subjects may have limits that were changed at run time. */
const MAX_CHANGES = 10_000;

/** What a change is about: `tier:<name>` or `subject:<name>`. */
export type ChangeKey = `${'tier' | 'subject'}:${string}`;

/** Where changes are told to other replicas. */
export interface LimitsChannel {
  /** Keeps a change, or with undefined takes it back, and tells everyone. */
  publish(key: ChangeKey, limits: TierLimits | undefined): Promise<void>;
  close(): Promise<void>;
}

/** Limits that are changed while the gateway runs: of a tier, or of one subject. */
export class RuntimeLimits implements LimitChanges {
  #changes = new Map<string, TierLimits>();
  #channel: LimitsChannel | undefined;

  /** Shares changes through a channel, which calls `replace` with all there are. */
  share(channel: LimitsChannel): void {
    this.#channel = channel;
  }

  /** All changes, from the channel. */
  replace(changes: ReadonlyMap<string, TierLimits>): void {
    // Those that are the same keep their object, for what was compiled from it.
    const same = (key: string, limits: TierLimits): TierLimits => {
      const known = this.#changes.get(key);
      return known && JSON.stringify(known) === JSON.stringify(limits) ? known : limits;
    };
    this.#changes = new Map([...changes].map(([key, limits]) => [key, same(key, limits)]));
  }

  tier(name: string): TierLimits | undefined {
    return this.#changes.size === 0 ? undefined : this.#changes.get(`tier:${name}`);
  }

  subject(name: string): TierLimits | undefined {
    return this.#changes.size === 0 ? undefined : this.#changes.get(`subject:${name}`);
  }

  /**
   * Replaces a tier's limits on every replica; undefined gives back the configured ones.
   *
   * @throws ConfigError for wrong limits, or too many changes
   */
  setTier(name: string, limits: TierLimits | undefined): Promise<void> {
    return this.#set(`tier:${name}`, limits);
  }

  /**
   * Merges limits over those of one subject, such as `key:<id>`, on every replica; undefined takes them back.
   *
   * @throws ConfigError for wrong limits, or too many changes
   */
  setSubject(name: string, limits: TierLimits | undefined): Promise<void> {
    return this.#set(`subject:${boundedSubject(name)}`, limits);
  }

  async close(): Promise<void> {
    await this.#channel?.close();
  }

  async #set(key: ChangeKey, limits: TierLimits | undefined): Promise<void> {
    if (limits === undefined) this.#changes.delete(key);
    else {
      if (this.#changes.size >= MAX_CHANGES && !this.#changes.has(key)) {
        throw new ConfigError([`At most ${MAX_CHANGES} limits can be changed at run time. Take some back.`]);
      }
      this.#changes.set(key, Object.freeze(checkOptions('limits', tierLimitsSchema, limits)));
    }
    await this.#channel?.publish(key, limits);
  }
}

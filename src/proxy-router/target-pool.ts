import { type Balancer, createBalancer } from './balancer.js';
import { Ejection } from './ejection.js';
import { HealthCheck } from './health-check.js';
import type { ResolvedService } from './options.js';
import { Target } from './target.js';
import type { ResolvedTarget } from './target-options.js';

/** Why a target goes or comes back. */
export type TargetChange = 'health_check' | 'ejection';

/** Hears when a target goes and comes back. */
export type TargetListener = (target: Target, up: boolean, by: TargetChange) => void;

/** How a request ended on a target: `neutral` says nothing about it. */
export type TargetVerdict = 'ok' | 'failed' | 'neutral';

/** Why there is no target: none is well, or all connections and places in the queue are taken. */
export type NoTarget = 'no_target' | 'queue_full' | 'queue_timeout';

interface Waiting {
  readonly key: string | undefined;
  readonly tried: readonly Target[];
  readonly take: (target: Target | NoTarget) => void;
  timer: NodeJS.Timeout | undefined;
}

/** The targets of one service: chooses one for each request, and knows how they are. */
export class TargetPool {
  readonly #service: ResolvedService;
  readonly #balancer: Balancer;
  readonly #ejection: Ejection | undefined;
  readonly #checks = new Map<Target, HealthCheck>();
  readonly #listener: TargetListener;
  readonly #onRemoved: (target: Target) => void;
  readonly #waiting = new Set<Waiting>();
  readonly #drained = new Map<Target, () => void>();
  #targets: readonly Target[] = [];

  constructor(
    service: ResolvedService,
    listener: TargetListener,
    onRemoved: (target: Target) => void = () => undefined,
  ) {
    this.#service = service;
    this.#balancer = createBalancer(service.loadBalancing);
    this.#ejection = service.ejection ? new Ejection(service.ejection) : undefined;
    this.#listener = listener;
    this.#onRemoved = onRemoved;
    for (const target of service.targets) this.add(target);
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** Whether a request would find a target. */
  get available(): boolean {
    return this.#service.panic ? this.#targets.length > 0 : this.#targets.some((target) => target.available);
  }

  /** How many requests wait for a connection. */
  get queued(): number {
    return this.#waiting.size;
  }

  /** Whether another target than those could be tried. */
  hasOther(tried: readonly Target[]): boolean {
    return this.#candidates(tried) !== undefined;
  }

  /** Whether a second try could go to another target. */
  get hasSeveral(): boolean {
    return this.#targets.length > 1;
  }

  /** Adds a target; one of the same address takes requests again if it was being drained. */
  add(options: ResolvedTarget): Target {
    const target = new Target(options);
    const known = this.find(target.id);
    if (known) {
      known.draining = false;
      this.#tellDrained(known);
      return known;
    }
    this.#targets = [...this.#targets, target];
    const { healthCheck } = this.#service;
    if (healthCheck)
      this.#checks.set(target, new HealthCheck(target, healthCheck, (...result) => this.#checked(...result)));
    this.#serveWaiting();
    return target;
  }

  find(id: string): Target | undefined {
    return this.#targets.find((target) => target.id === id);
  }

  /** Gives it no new requests, and resolves when none runs on it any more. */
  drain(target: Target): Promise<void> {
    target.draining = true;
    if (target.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const earlier = this.#drained.get(target);
      this.#drained.set(target, () => {
        earlier?.();
        resolve();
      });
    });
  }

  /** Drains it, and forgets it. */
  async remove(target: Target): Promise<void> {
    await this.drain(target);
    if (!target.draining) return;
    this.#checks.get(target)?.close();
    this.#checks.delete(target);
    this.#targets = this.#targets.filter((each) => each !== target);
    this.#onRemoved(target);
  }

  /**
   * Chooses a target and gives it a request, at once or when a connection is free. Whoever gets one gives it back.
   *
   * @param tried not to be chosen again
   * @returns forgets the request while it waits
   */
  take(
    key: string | undefined,
    tried: readonly Target[],
    take: (target: Target | NoTarget) => void,
  ): (() => void) | undefined {
    const choice = this.#choose(key, tried);
    if (choice !== 'busy') {
      take(choice);
      return undefined;
    }
    const { maxQueue, queueTimeoutMs } = this.#service.pool;
    if (this.#waiting.size >= maxQueue) {
      take('queue_full');
      return undefined;
    }
    const waiting: Waiting = { key, tried, take, timer: undefined };
    waiting.timer = setTimeout(() => this.#answer(waiting, 'queue_timeout'), queueTimeoutMs).unref();
    this.#waiting.add(waiting);
    return () => this.#forget(waiting);
  }

  /** A request has ended on a target. */
  giveBack(target: Target, verdict: TargetVerdict): void {
    target.outstanding -= 1;
    if (verdict !== 'neutral') this.#judge(target, verdict === 'failed');
    if (target.outstanding === 0) this.#tellDrained(target);
    this.#serveWaiting();
  }

  close(): void {
    for (const check of this.#checks.values()) check.close();
    for (const waiting of this.#waiting) this.#answer(waiting, 'no_target');
  }

  #choose(key: string | undefined, tried: readonly Target[]): Target | 'busy' | 'no_target' {
    const free = this.#candidates(tried);
    if (free === undefined) return 'no_target';
    if (free.length === 0) return 'busy';
    const target = free.length === 1 ? (free[0] as Target) : this.#balancer.choose(free, key);
    target.outstanding += 1;
    return target;
  }

  /** Targets that can be given a request now; undefined where none could be even if it were free. */
  #candidates(tried: readonly Target[]): readonly Target[] | undefined {
    const { maxSockets } = this.#service.pool;
    if (tried.length === 0 && maxSockets === undefined && this.#hasAll) return this.#targets;
    let usable = this.#targets.filter((target) => target.available && !tried.includes(target));
    if (usable.length === 0 && this.#service.panic)
      usable = this.#targets.filter((target) => !target.draining && !tried.includes(target));
    if (usable.length === 0) return undefined;
    return maxSockets === undefined ? usable : usable.filter((target) => target.outstanding < maxSockets);
  }

  /** Whether there are targets, and each can be chosen. */
  get #hasAll(): boolean {
    return this.#targets.length > 0 && this.#targets.every(isAvailable);
  }

  /** Whoever waits for a target to be drained waits no more: it is, or it is wanted again. */
  #tellDrained(target: Target): void {
    this.#drained.get(target)?.();
    this.#drained.delete(target);
  }

  #serveWaiting(): void {
    for (const waiting of this.#waiting) {
      const choice = this.#choose(waiting.key, waiting.tried);
      if (choice === 'busy') return;
      this.#answer(waiting, choice);
    }
  }

  #answer(waiting: Waiting, target: Target | NoTarget): void {
    this.#forget(waiting);
    waiting.take(target);
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }

  #judge(target: Target, failed: boolean): void {
    if (this.#ejection?.note(target, failed, this.#targets, performance.now()))
      this.#listener(target, false, 'ejection');
  }

  /** A target that answers health checks is well, though it was taken out for requests that failed before. */
  #checked(target: Target, healthy: boolean): void {
    const wasOut = !target.healthy || target.ejectedUntil > performance.now();
    if (healthy) {
      target.healthy = true;
      target.ejectedUntil = 0;
      if (!wasOut) return;
      target.warmUp(this.#service.slowStartMs);
      this.#listener(target, true, 'health_check');
      this.#serveWaiting();
    } else if (target.healthy) {
      target.healthy = false;
      this.#listener(target, false, 'health_check');
    }
  }
}

function isAvailable(target: Target): boolean {
  return target.available;
}

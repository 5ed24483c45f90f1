import type { IncomingMessage } from 'node:http';
import type { AnalyticsMiddleware } from '../analytics/index.js';
import {
  MemoryApiKeyStore,
  MemoryNonceStore,
  MemoryTicketStore,
  type NonceStore,
  RedisNonceStore,
  RedisTicketStore,
  type TicketStore,
} from '../authenticate/index.js';
import type { ServiceMatcher } from '../circuit-breaker/index.js';
import { GatewayEvents } from '../core/events.js';
import type { MeasuredValue, Measurement, MeasurementSource } from '../core/measurement.js';
import { MemoryQuotaStore } from '../rate-limit/index.js';
import type { RedisClient } from '../redis/client.js';
import { connectRedis } from '../redis/connect.js';
import type { GatewayOptions } from './options.js';

type Measured = MeasurementSource | undefined;

interface Quotas {
  readonly maxSubjects: number | undefined;
  readonly store: MemoryQuotaStore;
}

/** What outlives a change of options: events, the connection to Redis, and what is remembered in memory. */
export class Lasting {
  readonly events: GatewayEvents;
  readonly redis: RedisClient | undefined;
  readonly nonces: NonceStore;
  readonly tickets: TicketStore;
  /** API keys made at run time, where there is neither Redis nor a list of them. */
  readonly apiKeys = new MemoryApiKeyStore();
  /** How services of the present options are matched for a failover. */
  matchService: ServiceMatcher = () => undefined;
  readonly #opened: RedisClient | undefined;
  readonly #shown = new WeakMap<AnalyticsMiddleware, Set<string>>();
  #measured: Readonly<Record<string, Measured>> = {};
  #version = 0;
  #loadedAt = 0;
  #quotas: Quotas | undefined;
  /** Those of options that do not hold yet. */
  #wantedQuotas: Quotas | undefined;

  constructor({ redis, logger }: Pick<GatewayOptions, 'redis' | 'logger'>) {
    this.events = new GatewayEvents(logger);
    this.#opened = typeof redis === 'string' ? connectRedis(redis, logger) : undefined;
    const client = this.#opened ?? (redis as RedisClient | undefined);
    this.redis = client;
    const { events } = this;
    this.nonces = client ? new RedisNonceStore({ client, logger, events }) : new MemoryNonceStore();
    this.tickets = client ? new RedisTicketStore({ client, logger, events }) : new MemoryTicketStore();
  }

  /** What subjects have used, where it is counted in memory: anew where another number of them is to be remembered. */
  quotas(maxSubjects: number | undefined): MemoryQuotaStore {
    if (this.#quotas && this.#quotas.maxSubjects === maxSubjects) return this.#quotas.store;
    this.#wantedQuotas = { maxSubjects, store: new MemoryQuotaStore({ maxSubjects }) };
    return this.#wantedQuotas.store;
  }

  /** Finds a service of the present options, whatever they were when this was handed out. */
  readonly failover: ServiceMatcher = (req: IncomingMessage, name: string) => this.matchService(req, name);

  /** Tells which options hold, counted from 1, and since when. */
  readonly config: MeasurementSource = {
    measurements: () => [
      {
        name: 'gateway_config_version',
        help: 'How many times options have been taken over, the first ones included.',
        type: 'gauge',
        merge: 'max',
        labels: [],
        read: () => [{ labels: {}, value: this.#version }],
      },
      {
        name: 'gateway_config_loaded_timestamp_seconds',
        help: 'When the options that hold were taken over, in seconds since 1970.',
        type: 'gauge',
        merge: 'max',
        labels: [],
        read: () => [{ labels: {}, value: this.#loadedAt / 1000 }],
      },
    ],
  };

  /** Other options are tried. */
  prepare(): void {
    this.#wantedQuotas = undefined;
  }

  /** Other options hold from now on. */
  turn(): void {
    this.#quotas = this.#wantedQuotas ?? this.#quotas;
    this.#version += 1;
    this.#loadedAt = Date.now();
  }

  /** Has analytics show what the parts of the present options measure, each name once. */
  measure(recorder: AnalyticsMiddleware | undefined, parts: Readonly<Record<string, Measured>>): void {
    this.#measured = parts;
    if (recorder === undefined) return;
    const shown = this.#shown.get(recorder) ?? new Set();
    this.#shown.set(recorder, shown);
    for (const [part, source] of Object.entries(parts)) {
      const fresh = (source?.measurements() ?? []).filter(({ name }) => !shown.has(name));
      for (const { name } of fresh) shown.add(name);
      recorder.observe({ measurements: () => fresh.map((own) => this.#following(part, own)) });
    }
  }

  /** Reads from the part of that name that there is when it is read. */
  #following(part: string, own: Measurement): Measurement {
    const read = (): Iterable<MeasuredValue> => {
      const present = this.#measured[part]?.measurements() ?? [];
      return present.find(({ name }) => name === own.name)?.read() ?? [];
    };
    return { ...own, read };
  }

  async close(): Promise<void> {
    await Promise.all([this.nonces, this.tickets].map((store) => (store as Closable).close?.()));
    this.#opened?.disconnect();
  }
}

interface Closable {
  close?(): Promise<void> | void;
}

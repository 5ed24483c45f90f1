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
import type { Measurement, MeasurementSource } from '../core/measurement.js';
import { MemoryQuotaStore } from '../rate-limit/index.js';
import type { RedisClient } from '../redis/client.js';
import { connectRedis } from '../redis/connect.js';
import type { GatewayOptions } from './options.js';

type Measured = MeasurementSource | undefined;

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
  #quotas: MemoryQuotaStore | undefined;
  #maxSubjects: number | undefined;

  constructor({ redis, logger }: Pick<GatewayOptions, 'redis' | 'logger'>) {
    this.events = new GatewayEvents(logger);
    this.#opened = typeof redis === 'string' ? connectRedis(redis, logger) : undefined;
    const client = this.#opened ?? (redis as RedisClient | undefined);
    this.redis = client;
    const { events } = this;
    this.nonces = client ? new RedisNonceStore({ client, logger, events }) : new MemoryNonceStore();
    this.tickets = client ? new RedisTicketStore({ client, logger, events }) : new MemoryTicketStore();
  }

  /** What subjects have used, where it is counted in memory. */
  quotas(maxSubjects: number | undefined): MemoryQuotaStore {
    if (this.#quotas === undefined || this.#maxSubjects !== maxSubjects) {
      this.#quotas = new MemoryQuotaStore({ maxSubjects });
      this.#maxSubjects = maxSubjects;
    }
    return this.#quotas;
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
        labels: [],
        read: () => [{ labels: {}, value: this.#version }],
      },
      {
        name: 'gateway_config_loaded_timestamp_seconds',
        help: 'When the options that hold were taken over, in seconds since 1970.',
        type: 'gauge',
        labels: [],
        read: () => [{ labels: {}, value: this.#loadedAt / 1000 }],
      },
    ],
  };

  /** Other options hold from now on. */
  turn(): void {
    this.#version += 1;
    this.#loadedAt = Date.now();
  }

  /** Has analytics show what the parts of the present options measure, each kind of part once. */
  measure(recorder: AnalyticsMiddleware | undefined, parts: Readonly<Record<string, Measured>>): void {
    this.#measured = parts;
    if (recorder === undefined) return;
    const shown = this.#shown.get(recorder) ?? new Set();
    this.#shown.set(recorder, shown);
    for (const [name, part] of Object.entries(parts)) {
      if (part === undefined || shown.has(name)) continue;
      shown.add(name);
      recorder.observe({ measurements: () => this.#following(name, part) });
    }
  }

  /** Reads from the part of that name that there is when it is read. */
  #following(name: string, part: MeasurementSource): Measurement[] {
    return part.measurements().map((measurement, at) => ({
      ...measurement,
      read: () => this.#measured[name]?.measurements()[at]?.read() ?? [],
    }));
  }

  async close(): Promise<void> {
    await Promise.all([this.nonces, this.tickets].map((store) => (store as Closable).close?.()));
    this.#opened?.disconnect();
  }
}

interface Closable {
  close?(): Promise<void> | void;
}

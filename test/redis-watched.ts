import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { GatewayEvents, type TierLimits } from 'gatewright';
import type { RateLimitOptions } from 'gatewright/rate-limit';
import type { Cluster, Redis } from 'ioredis';
import { cleanup } from './helpers.js';
import { type Limited, limited } from './redis-limited.js';
import { freePort, type RedisServer } from './redis-server.js';

/** Limits of every kind that no test reaches. */
export const ample: TierLimits = {
  requestsPerMinute: 1_000_000,
  requestsPerHour: 1_000_000,
  requestsPerDay: 1_000_000,
  burstLimit: 1_000_000,
  costLimitPerHour: 1_000_000,
  concurrentRequests: 1000,
};

/** Long enough for a busy machine on which Redis is well, and short enough to wait for. */
export const storeTimeoutMs = process.env['SOAK'] ? 2000 : 600;

/** A limiter on Redis, with all that it says. */
export interface Watched<Client = Redis> extends Limited {
  readonly redis: Client;
  /** Modes that were told by events, in order. */
  readonly modes: string[];
  /** What was logged, by its level. */
  readonly lines: string[];
}

export async function watched<Client extends Redis | Cluster>(
  redis: Client,
  options: RateLimitOptions = {},
  last?: Parameters<typeof limited>[1],
): Promise<Watched<Client>> {
  const modes: string[] = [];
  const lines: string[] = [];
  const events = new GatewayEvents();
  events.on('storeMode', ({ store, mode }) => modes.push(`${store}: ${mode}`));
  const logger = {
    info: (message: string) => lines.push(`info: ${message}`),
    warn: (message: string) => lines.push(`warn: ${message}`),
    error: (message: string) => lines.push(`error: ${message}`),
  };
  const given = { redis, storeTimeoutMs, tiers: { free: ample }, logger, events, ...options };
  return { ...(await limited(given, last)), redis, modes, lines };
}

/** What a limiter says that has lost Redis and has it back. */
export const lostAndBack = (mode: string) => ({
  modes: [`rate_limit: ${mode}`, 'rate_limit: shared'],
  lines: [
    'warn: Redis is unavailable: limits are decided without it',
    'info: Redis is back: it decides on limits again',
  ],
});

/** A way to Redis that can be cut: Redis goes on, and keeps what it has. */
export class Cable {
  readonly port: number;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(port: number, to: number) {
    this.port = port;
    this.#to = to;
  }

  static async to(redis: RedisServer): Promise<Cable> {
    const cable = new Cable(await freePort(), redis.port);
    const server = createServer((socket) => cable.#join(socket)).listen(cable.port, '127.0.0.1');
    await once(server, 'listening');
    cleanup(() => {
      cable.cut();
      server.close();
    });
    return cable;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  #join(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    const redis = dial(this.#to, '127.0.0.1');
    for (const [one, other] of [
      [socket, redis],
      [redis, socket],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay().on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

import { once } from 'node:events';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Identity } from 'gatewright';
import { type RateLimitMiddleware, type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { cleanup, serve } from './helpers.js';
import { RedisServer } from './redis-server.js';

/** A server behind `rateLimit()`, both closed after the test. */
export interface Limited {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly limit: RateLimitMiddleware;
}

const ok: RequestListener = (_req, res) => {
  res.end('ok');
};

/** Waits longer for Redis than any busy machine takes: for tests in which Redis is well. */
export const patient = { storeTimeoutMs: 60_000 };

export async function limited(options: RateLimitOptions, last = ok): Promise<Limited> {
  const limit = rateLimit(options);
  cleanup(() => limit.close());
  return { ...(await serve((req, res) => limit(req, res, () => last(req, res)))), limit };
}

/** Responses that a handler holds until the test ends them. */
export class Held {
  readonly responses: ServerResponse[] = [];
  readonly handler: RequestListener = (_req, res) => {
    this.responses.push(res);
  };

  /** Answers all. */
  release(): void {
    for (const res of this.responses.splice(0)) res.end('ok');
  }

  /** Cuts all, as a handler does that breaks. */
  async cut(): Promise<void> {
    const ended = this.responses.map((res) => once(res, 'close'));
    for (const res of this.responses.splice(0)) res.destroy();
    await Promise.all(ended);
  }
}

/** A test of what both stores do runs on each. */
export const bothStores: readonly (readonly [string, () => Promise<RateLimitOptions>])[] = [
  ['in memory', async () => ({})],
  ['on Redis', async () => ({ ...patient, redis: (await RedisServer.start()).client() })],
];

/** Pretends that `authenticate()` has run, before a limiter that is then the second to look at a request. */
export async function limitedAs(
  identity: Partial<Identity>,
  options: RateLimitOptions,
  last = ok,
): Promise<Limited> {
  const whole = {
    id: 'a',
    method: 'api-key',
    tier: 'free',
    permissions: [],
    metadata: {},
    ...identity,
  } as const;
  const context = rateLimit({ skip: () => true });
  const limit = rateLimit(options);
  cleanup(() => limit.close());
  const server = await serve((req, res) =>
    context(req, res, () => {
      if (req.gateway) req.gateway.identity = whole;
      limit(req, res, () => last(req, res));
    }),
  );
  return { ...server, limit };
}

import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import type { GatewayContext, Middleware } from 'gatewright';
import { analytics } from 'gatewright/analytics';
import { type LoadOptions, type RateLimitOptions, rateLimit } from 'gatewright/rate-limit';
import { contextOf } from '../../src/core/context.js';
import type { LoadVerdict } from '../../src/rate-limit/latency-window.js';
import { LoadLimit } from '../../src/rate-limit/load-limit.js';
import { loadSchema } from '../../src/rate-limit/options.js';
import { mounts, send, serve } from '../helpers.js';

/** One slot, of which `free` may fill half: it is let through if nobody waits. */
const oneSlot: LoadOptions = { initialLimit: 1, minLimit: 1, maxLimit: 1 };
const noLimits = { free: {}, enterprise: {} };

/** What `authenticate()` would have found out, by header. */
function identify(req: IncomingMessage, context: GatewayContext): void {
  const tier = req.headers['x-tier'];
  if (typeof tier !== 'string') return;
  context.identity = { id: 'a', method: 'api-key', tier, permissions: [], metadata: {} };
}

/** A limiter in front of a handler that holds requests for `/hold` and answers others at once. */
async function limited(
  options: RateLimitOptions,
  {
    mount = mounts[2]?.[1],
    before,
  }: { mount?: (typeof mounts)[number][1] | undefined; before?: Middleware } = {},
) {
  const limit = rateLimit({ tiers: noLimits, ...options });
  const handler = new EventEmitter();
  const last: RequestListener = (req, res) => {
    if (req.url?.startsWith('/hold')) handler.emit('held', res, req.gateway);
    else if (req.url === '/slow') setTimeout(() => res.end(), 500);
    else res.end(JSON.stringify(req.gateway?.rateLimit ?? null));
  };
  const chain: Middleware = (req, res, next) => {
    const context = contextOf(req, res);
    identify(req, context);
    context.outcome.onEnd(() => setImmediate(() => handler.emit('ended')));
    if (before) before(req, res, () => limit(req, res, next));
    else limit(req, res, next);
  };
  const { url } = await serve((mount as (typeof mounts)[number][1])(chain, last));
  /** Sends a request that is held. */
  async function hold(headers: Record<string, string> = {}) {
    const held = once(handler, 'held') as Promise<[ServerResponse, GatewayContext]>;
    const leaving = new AbortController();
    const answer = fetch(`${url}/hold`, { headers, signal: leaving.signal });
    answer.catch(() => undefined);
    const [res, context] = await held;
    return { res, context, answer, leave: () => leaving.abort() };
  }
  const status = async (headers: Record<string, string> = {}, path = '/') =>
    (await send(url, path, { headers })).status;
  return { url, limit, hold, status, ended: () => once(handler, 'ended') };
}

describe.each(mounts)('adaptive.load in %s', (_name, mount) => {
  test('sheds what is too much with 503, and has consumed nothing for it', async () => {
    const tiers = { free: { requestsPerMinute: 2 } };
    const { url, hold, status } = await limited({ tiers, adaptive: { load: oneSlot } }, { mount });
    const { res, answer } = await hold();
    const shed = await send(url, '/');
    expect([shed.status, shed.body, shed.headers['retry-after']]).toEqual([
      503,
      '{"error":"Service temporarily unavailable","service":"gateway"}',
      '1',
    ]);
    expect(shed.headers.ratelimit).toBeUndefined();
    res.end();
    await answer;
    expect([await status(), await status()]).toEqual([200, 429]);
  });
});

describe('adaptive.load', () => {
  test('sheds the lowest tier first, and `system` never', async () => {
    const load = { initialLimit: 4, minLimit: 4, maxLimit: 4 };
    const { hold, status } = await limited({ adaptive: { load } });
    const shedding = async () => [
      await status(),
      await status({ 'x-tier': 'basic' }),
      await status({ 'x-tier': 'premium' }),
      await status({ 'x-tier': 'enterprise' }),
      await status({ 'x-tier': 'system' }),
      await status({ 'x-tier': 'unheard-of' }),
    ];
    await hold();
    expect(await shedding()).toEqual([200, 200, 200, 200, 200, 200]);
    await hold();
    expect(await shedding()).toEqual([503, 200, 200, 200, 200, 503]);
    await hold({ 'x-tier': 'system' });
    expect(await shedding()).toEqual([503, 503, 200, 200, 200, 503]);
    await hold({ 'x-tier': 'system' });
    expect(await shedding()).toEqual([503, 503, 503, 503, 200, 503]);
  });

  test('takes other shares', async () => {
    const load = { initialLimit: 2, minLimit: 2, maxLimit: 2, tiers: { free: 1, enterprise: 0.5 } };
    const { hold, status } = await limited({ adaptive: { load } });
    await hold();
    expect([await status(), await status({ 'x-tier': 'enterprise' })]).toEqual([200, 503]);
  });

  test('has its slot back from a client that leaves and from a handler that breaks', async () => {
    const { limit, hold, status, ended } = await limited({ adaptive: { load: oneSlot } });
    for (const how of ['leave', 'destroy'] as const) {
      const { res, leave } = await hold();
      expect(await status()).toBe(503);
      const over = ended();
      if (how === 'leave') leave();
      else res.destroy();
      await over;
      expect(await status()).toBe(200);
    }
    expect(limit.load()).toEqual({ limit: 1, waiting: 0 });
  });

  test.each<[string, RateLimitOptions, number]>([
    ['a limit that refuses', { tiers: { free: { burstLimit: 1 } }, points: 2 }, 429],
    [
      'a store that throws',
      {
        store: {
          reserve: () => {
            throw new Error('down');
          },
          settle: () => undefined,
          peek: () => Promise.reject(new Error('down')),
        },
      },
      500,
    ],
    [
      'a store that rejects later',
      {
        store: {
          reserve: () => new Promise((_resolve, reject) => setTimeout(reject, 5, new Error('down'))),
          settle: () => undefined,
          peek: () => Promise.reject(new Error('down')),
        },
      },
      500,
    ],
  ])('has its slot back from %s', async (_name, options, expected) => {
    const { limit, status } = await limited({ ...options, adaptive: { load: oneSlot } });
    expect([await status(), await status()]).toEqual([expected, expected]);
    expect(limit.load()?.waiting).toBe(0);
  });

  test('has its slot back at the status, so that a long stream holds none', async () => {
    const { hold, status, limit } = await limited({ adaptive: { load: oneSlot } });
    const { res, answer } = await hold();
    res.writeHead(200).write('the beginning');
    await answer;
    expect(limit.load()?.waiting).toBe(0);
    expect(await status()).toBe(200);
    res.end();
  });

  test('has no slot for what is not limited', async () => {
    const skip = (req: IncomingMessage) => req.headers['x-skip'] !== undefined;
    const { hold, status, limit } = await limited({ skip, adaptive: { load: oneSlot } });
    await hold();
    expect(await status({ 'x-skip': '1' })).toBe(200);
    expect(limit.load()?.waiting).toBe(1);
  });

  test('refuses nothing in a dry run, and says what it would have done', async () => {
    const { url, hold } = await limited({ dryRun: true, cost: 0.5, adaptive: { load: oneSlot } });
    expect(JSON.parse((await send(url, '/')).body)).toMatchObject({ allowed: true });
    await hold();
    const { status, body } = await send(url, '/');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      allowed: false,
      enforced: false,
      subject: 'ip:127.0.0.1',
      tier: 'free',
      dimension: 'load',
      limit: 1,
      remaining: 0,
      resetMs: 1000,
    });
    expect((await hold()).context.cost).toEqual({ estimated: 0.5 });
  });

  test('is off by default, and with false', async () => {
    for (const adaptive of [undefined, {}, { load: false }]) {
      const { limit, status } = await limited({ adaptive });
      expect(limit.load()).toBeUndefined();
      expect(await status()).toBe(200);
    }
    expect(rateLimit({ adaptive: { load: true } }).load()).toEqual({ limit: 20, waiting: 0 });
  });

  test('is a metric, and a line in the log when it begins', async () => {
    const recorder = analytics();
    const lines: [string, unknown][] = [];
    const line = (message: string, details?: unknown) => lines.push([message, details]);
    const { hold, status } = await limited(
      { adaptive: { load: oneSlot }, logger: { info: line, warn: line, error: line } },
      { before: recorder },
    );
    await hold();
    expect([await status(), await status()]).toEqual([503, 503]);
    expect(await recorder.registry.metrics()).toContain(
      'gateway_rate_limited_requests_total{limit_type="load",tier="none",enforced="true"} 2',
    );
    expect(lines).toEqual([['Requests are shed: too many wait for their answer', { limit: 1, waiting: 1 }]]);
  });

  test('follows the latency of what comes behind it', async () => {
    const load = { initialLimit: 8, minLimit: 2, maxLimit: 8, windowMs: 100 };
    const { url, limit } = await limited({ adaptive: { load } });
    const askMany = async (rounds: number, path: string) => {
      for (let round = 0; round < rounds; round += 1) {
        const ask = () => send(url, path, { headers: { 'x-tier': 'enterprise' } });
        await Promise.all(Array.from({ length: 8 }, ask));
      }
    };
    await askMany(40, '/');
    await askMany(3, '/slow');
    expect(limit.load()?.limit).toBeLessThan(8);
  });
});

/** A limit of its own clock, without sockets. */
function limitAt(load: LoadOptions = {}) {
  const clock = { now: 0 };
  const limit = new LoadLimit(loadSchema.parse(load), () => clock.now);
  /** Fills all slots, which come back after so long. */
  function round(ms: number, verdict: LoadVerdict): number {
    const slots = [];
    for (let slot = limit.admit('enterprise', 'a'); slot; slot = limit.admit('enterprise', 'a'))
      slots.push(slot);
    for (const slot of slots) slot.start();
    clock.now += ms;
    for (const slot of slots) slot.end(verdict);
    return limit.state.limit;
  }
  const rounds = (count: number, ...args: Parameters<typeof round>) => {
    for (let at = 0; at < count; at += 1) round(...args);
    return limit.state.limit;
  };
  return { clock, limit, rounds };
}

describe('LoadLimit', () => {
  test('doubles from the start on until latency rises, and never grows beyond `maxLimit`', () => {
    const { rounds } = limitAt({ maxLimit: 100 });
    expect(rounds(10, 100, 'answered')).toBe(20);
    expect(rounds(10, 100, 'answered')).toBe(40);
    expect(rounds(20, 100, 'answered')).toBe(100);
  });

  test('grows by its square root later', () => {
    const { rounds } = limitAt();
    rounds(20, 100, 'answered');
    rounds(1, 5000, 'answered');
    const before = rounds(30, 100, 'answered');
    const grown = rounds(10, 100, 'answered') - before;
    expect(Math.abs(grown - Math.sqrt(before))).toBeLessThanOrEqual(1);
  });

  test('is cut by the gradient, but never below `minLimit`', () => {
    const { rounds } = limitAt({ minLimit: 3 });
    expect(rounds(20, 100, 'answered')).toBe(40);
    expect(rounds(1, 5000, 'answered')).toBe(28);
    expect(rounds(20, 10_000, 'answered')).toBe(3);
  });

  test('is cut by drops, but not by one now and then', () => {
    const { limit, rounds } = limitAt();
    rounds(20, 100, 'answered');
    for (let at = 0; at < 20; at += 1) {
      const slot = limit.admit('enterprise', 'a');
      slot?.start();
      slot?.end('dropped');
      rounds(1, 100, 'answered');
    }
    const before = limit.state.limit;
    expect(before).toBeGreaterThanOrEqual(80);
    expect(rounds(50, 100, 'dropped')).toBeLessThan(before / 2);
  });

  test('learns nothing from errors and from clients that leave early', () => {
    const { rounds } = limitAt();
    rounds(20, 100, 'answered');
    const before = rounds(1, 1000, 'unused');
    expect(rounds(50, 20_000, 'unused')).toBe(before);
    expect(rounds(50, 140, 'left')).toBe(before);
  });

  test('learns from clients that leave after they have waited for too long', () => {
    const { rounds } = limitAt();
    const before = rounds(20, 100, 'answered');
    expect(rounds(20, 1000, 'left')).toBeLessThan(before / 2);
  });

  test('counts services beyond a thousand as one', () => {
    const { clock, limit } = limitAt();
    for (let at = 0; at < 3000; at += 1) {
      const slot = limit.admit('system', `service-${at}`);
      slot?.start();
      clock.now += 1;
      slot?.end('answered');
    }
    expect(limit.state).toEqual({ limit: 20, waiting: 0 });
  });

  test('says when it begins to shed and when it is over, once', () => {
    const lines: string[] = [];
    const line = (message: string) => lines.push(message);
    const clock = { now: 0 };
    const options = loadSchema.parse({ initialLimit: 1, minLimit: 1, maxLimit: 1 });
    const limit = new LoadLimit(options, () => clock.now, { info: line, warn: line, error: line });
    for (let at = 0; at < 3; at += 1) {
      const slot = limit.admit('free', 'a');
      for (let more = 0; more < 3; more += 1) limit.admit('free', 'a');
      slot?.end('unused');
      clock.now += 59_999;
    }
    expect(lines).toEqual(['Requests are shed: too many wait for their answer']);
    clock.now += 1;
    limit.admit('free', 'a');
    expect(lines[1]).toBe('Requests are shed no longer');
  });
});

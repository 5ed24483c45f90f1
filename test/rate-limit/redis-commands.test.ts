import { describe, expect, jest, test } from '@jest/globals';
import type { TierLimits } from 'gatewright';
import { cleanup, send } from '../helpers.js';
import { limited, patient } from '../redis-limited.js';
import { RedisServer } from '../redis-server.js';
import { eventually, type Scripts } from '../redis-support.js';

const everyDimension = {
  requestsPerMinute: 25,
  requestsPerHour: 1000,
  requestsPerDay: 10_000,
  burstLimit: 100,
  costLimitPerHour: 100,
  concurrentRequests: 100,
};

/** A limiter, and every command that it sends from now on, after a first request has loaded its scripts. */
async function monitored(free: TierLimits = everyDimension) {
  const server = await RedisServer.start();
  const [redis, looking] = [server.client(), server.client()];
  const { url } = await limited({ ...patient, redis, tiers: { free }, cost: 0.01 });
  const ask = async (times: number) => {
    const answers = Array.from({ length: times }, () => send(url, '/'));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  /** Slots come back a moment after the responses. */
  const settled = () =>
    eventually(async () => expect(await looking.zcard('gw:leases:{ip:127.0.0.1}')).toBe(0));
  await ask(1);
  await settled();

  const commands: string[] = [];
  const monitor = await looking.monitor();
  cleanup(() => monitor.disconnect());
  const from = `127.0.0.1:${(redis as unknown as { stream: { localPort: number } }).stream.localPort}`;
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (source === from) commands.push(name);
  });
  /** A command of ours, after which all before it have been seen. */
  const seen = async () => {
    await redis.echo('seen');
    await eventually(() => expect(commands).toContain('echo'));
    return commands.splice(0).filter((name) => name !== 'echo');
  };
  return { ask, settled, seen };
}

/** Refusals are repeated for a second at most: let it not pass. */
function stopTime(): jest.SpiedFunction<typeof performance.now> {
  const time = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  cleanup(() => time.mockRestore());
  return time;
}

const times = (count: number, value: unknown) => new Array(count).fill(value);

describe('rateLimit on Redis', () => {
  test('with every dimension on, sends one script call for an admitted request and one for its end', async () => {
    const { ask, settled, seen } = await monitored();
    for (let time = 0; time < 20; time += 1) {
      expect(await ask(1)).toEqual([200]);
      await settled();
    }
    expect(await seen()).toEqual(times(40, 'evalsha'));
  });

  test('sends nothing but script calls for requests at a time, and no more than for one after the other', async () => {
    const { ask, settled, seen } = await monitored();
    expect(await ask(20)).toEqual(times(20, 200));
    await settled();
    const sent = await seen();
    expect(new Set(sent)).toEqual(new Set(['evalsha']));
    expect(sent.length).toBeLessThanOrEqual(40);
  });

  test('sends nothing more for a subject that is known to be over a window of requests', async () => {
    const time = stopTime();
    const { ask, settled, seen } = await monitored();
    await ask(24);
    await settled();
    await seen();
    expect(await ask(1)).toEqual([429]);
    expect(await ask(50)).toEqual(times(50, 429));
    expect(await seen()).toEqual(['evalsha']);

    time.mockReturnValue(performance.now() + 1001);
    expect(await ask(1)).toEqual([429]);
    expect(await ask(10)).toEqual(times(10, 429));
    expect(await seen()).toEqual(['evalsha']);
  });

  test('asks each time about a cost, which can be refunded', async () => {
    const { ask, settled, seen } = await monitored({ costLimitPerHour: 0.015 });
    await settled();
    for (let time = 0; time < 5; time += 1) expect(await ask(1)).toEqual([429]);
    expect(await seen()).toEqual(times(5, 'evalsha'));
  });

  test('sends nothing for requests that are skipped', async () => {
    const server = await RedisServer.start();
    const redis = server.client();
    const scripts = jest.spyOn(redis as unknown as Scripts, 'evalshaBuffer');
    const { url } = await limited({ ...patient, redis, skip: () => true });
    expect((await send(url, '/')).status).toBe(200);
    expect(scripts).not.toHaveBeenCalled();
  });
});

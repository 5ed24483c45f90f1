import { jest } from '@jest/globals';
import { type ApiKeyOptions, type AuthenticateOptions, authenticate } from 'gatewright/authenticate';
import type { Redis } from 'ioredis';
import { cleanup, send, serve } from '../helpers.js';
import { bare } from './support.js';

/** What is told only where it is not lost. */
export const DAY_MS = 86_400_000;

/** A clock for durations that can be put forward. */
export function durationClock() {
  const now = performance.now.bind(performance);
  let ahead = 0;
  const spy = jest.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  cleanup(() => spy.mockRestore());
  return {
    advance(milliseconds: number): void {
      ahead += milliseconds;
    },
  };
}

/** A wall clock that can be put forward. */
export function wallClock() {
  const now = Date.now.bind(Date);
  let ahead = 0;
  const spy = jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  cleanup(() => spy.mockRestore());
  return {
    advance(milliseconds: number): void {
      ahead += milliseconds;
    },
  };
}

/** The connection on which a store hears of changes, made by a client that is given to it. */
function watchedSubscriber(client: Redis, make: () => Redis) {
  let heard: () => void;
  const listening = new Promise<void>((resolve) => {
    heard = resolve;
  });
  let made: Redis | undefined;
  const duplicate = (): Redis => {
    made = make();
    const subscribe = made.subscribe.bind(made) as (channel: string) => Promise<unknown>;
    Object.assign(made, {
      subscribe: (channel: string) => {
        const answer = subscribe(channel);
        answer.then(heard, () => undefined);
        return answer;
      },
    });
    return made;
  };
  Object.assign(client, { duplicate });
  return {
    listening,
    /** The next change that is told, once the store knows of it. */
    nextChange: () =>
      new Promise<string>((resolve) => {
        made?.once('message', (_channel: string, id: string) => resolve(id));
      }),
  };
}

export interface ReplicaOptions {
  readonly apiKeys?: ApiKeyOptions;
  readonly authenticate?: AuthenticateOptions;
  /** Makes the connection on which changes are heard. Default: as the client's other one. */
  readonly subscriber?: () => Redis;
}

/** One process of several whose keys are in the same Redis. */
export async function replica(client: Redis, options: ReplicaOptions = {}) {
  const subscriber = watchedSubscriber(client, options.subscriber ?? client.duplicate.bind(client));
  const guard = authenticate({ ...options.authenticate, apiKeys: { redis: client, ...options.apiKeys } });
  const { url } = await serve(bare(guard, (req, res) => res.end(JSON.stringify(req.gateway?.identity))));
  cleanup(() => guard.close());
  const request = (key: string) => send(url, '/', { headers: { 'X-API-Key': key } });
  return {
    ...subscriber,
    client,
    url,
    guard,
    apiKeys: guard.apiKeys,
    request,
    use: async (key: string): Promise<number> => (await request(key)).status,
  };
}

/** How often Redis has been asked for a field of a hash: twice for a key that there is, once for any other. */
export async function fieldReads(client: Redis): Promise<number> {
  const statistics = await client.info('commandstats');
  return Number(/cmdstat_hget:calls=(\d+)/.exec(statistics)?.[1] ?? 0);
}

/** All that is in a Redis, as text. */
export async function everythingIn(client: Redis): Promise<string> {
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    zset: (key) => client.zrange(key, '0', '-1', 'WITHSCORES'),
    set: (key) => client.smembers(key),
    list: (key) => client.lrange(key, 0, -1),
    stream: (key) => client.xrange(key, '-', '+'),
  };
  const keys = await client.keys('*');
  const values = keys.map(async (key) => {
    const type = await client.type(key);
    return [key, type, await read[type]?.(key)];
  });
  return JSON.stringify(await Promise.all(values));
}

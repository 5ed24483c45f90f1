import { randomUUID } from 'node:crypto';
import type { RedisClient } from '../redis/client.js';
import { RedisScript } from '../redis/script.js';
import { subscriberOf } from '../redis/subscriber.js';
import {
  MAX_ENTRIES,
  type OperatorChange,
  readChange,
  readView,
  type SharedState,
  writeChange,
  writeView,
} from './shared-state.js';

/**
 * Leaves a replica's view and takes all that live. Replicas that have said nothing for their time are forgotten, by
 * Redis's clock.
 */
const exchange = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('HDEL', KEYS[2], unpack(gone))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3] * 10)
redis.call('PEXPIRE', KEYS[2], ARGV[3] * 10)
return { redis.call('HVALS', KEYS[2]), redis.call('HGETALL', KEYS[3]) }
`);

/** What replicas know of breakers, in Redis: views that expire, what operators did, which stays, and which is told by pub/sub. */
export class RedisBreakerState {
  readonly #client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #lifeMs: number;
  /** With one hash tag, so that they are on one node of a Cluster. */
  readonly #keys: { readonly alive: string; readonly views: string; readonly operated: string };
  readonly #channel: string;
  readonly #id = randomUUID();

  /**
   * @param lifeMs how long a view counts
   * @param onChange hears what operators do on other replicas
   */
  constructor(
    client: RedisClient,
    keyPrefix: string,
    lifeMs: number,
    onChange: (change: OperatorChange) => void,
  ) {
    const base = `${keyPrefix}{breakers}:`;
    this.#client = client;
    this.#lifeMs = lifeMs;
    this.#channel = `${base}changes`;
    this.#keys = { alive: `${base}alive`, views: `${base}views`, operated: `${base}operated` };
    this.#subscriber = subscriberOf(client);
    this.#subscriber.on('ready', () => this.#listen());
    this.#subscriber.on('message', (_channel: string, text: string) => {
      const change = readChange(text);
      if (change && change.from !== this.#id) onChange(change);
    });
    this.#listen();
  }

  /** Says what this replica sees failing, and hears what all do. */
  exchange(failing: readonly string[]): Promise<SharedState> {
    const { alive, views, operated } = this.#keys;
    return exchange.run(
      this.#client,
      3,
      [alive, views, operated, this.#id, writeView(failing), this.#lifeMs],
      readAnswer,
    );
  }

  /** Writes down what an operator has done, and tells it to all replicas. */
  async tell(change: OperatorChange): Promise<void> {
    const text = writeChange(change, this.#id);
    const { operated } = this.#keys;
    // That it was reset is written down too: a Redis that has lost its memory is no operator.
    if (change.action === 'isolate' || (await this.#client.hexists(operated, change.key)))
      await this.#client.hset(operated, change.key, text);
    await this.#client.publish(this.#channel, text);
  }

  /** Whether Redis takes writes. */
  probe(): Promise<unknown> {
    return this.#client.set(`${this.#channel}:probe`, '', 'PX', 1000);
  }

  /** This replica counts no more. */
  async leave(): Promise<void> {
    await this.#client.zrem(this.#keys.alive, this.#id);
    await this.#client.hdel(this.#keys.views, this.#id);
  }

  close(): void {
    this.#subscriber.disconnect();
  }

  #listen(): void {
    this.#subscriber.subscribe(this.#channel).catch(() => undefined);
  }
}

function readAnswer(answer: unknown): SharedState {
  const [views, operated] = answer as [Buffer[], Buffer[]];
  const entries = operated.slice(0, 2 * MAX_ENTRIES).map(String);
  return {
    views: views
      .slice(0, MAX_ENTRIES)
      .map((view) => readView(String(view)))
      .filter((view) => view !== undefined),
    operated: new Map(
      entries.flatMap((key, at) => (at % 2 === 0 ? [[key, readChange(entries[at + 1] ?? '')] as const] : [])),
    ),
  };
}

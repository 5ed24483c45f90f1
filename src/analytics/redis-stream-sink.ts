import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptions } from '../core/options.js';
import { RedisGuard } from '../redis/guard.js';
import { eventRecord } from './event-record.js';
import { type RedisStreamSinkOptions, redisStreamSchema } from './redis-stream-options.js';
import type { Sink } from './sink.js';

/** Refusals of a server that is about to be well again, or to be replaced. */
const passing = /^(?:LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY)\b/;

/** How long a batch waits before Redis is tried again, in milliseconds. */
const RETRY_MS = 250;

/**
 * Adds each event to a Redis stream, as the field `event` in JSON. A batch is sent in one go, and `MAXLEN ~` bounds the
 * stream. While Redis is away a batch is kept, and tried, for as long as the write may take (`writeTimeoutMs`); it may
 * then be in the stream twice. What Redis itself refuses, such as a key of another type, is final.
 *
 * @throws ConfigError for wrong options
 */
export function redisStreamSink(options: RedisStreamSinkOptions): Sink {
  const { client, key, maxLength, timeoutMs } = checkOptions('redisStreamSink', redisStreamSchema, options);
  const guard = new RedisGuard({ timeoutMs, probe: () => client.ping() });

  async function send(events: readonly string[]): Promise<Error | undefined> {
    const pipeline = client.pipeline();
    for (const event of events) pipeline.xadd(key, 'MAXLEN', '~', maxLength, '*', 'event', event);
    const answers = (await pipeline.exec()) ?? [];
    const errors = answers.flatMap(([error]) => error ?? []);
    const broken = errors.find((error) => error.name !== 'ReplyError' || passing.test(error.message));
    if (broken) throw broken;
    return errors[0];
  }

  async function write(events: readonly string[], signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        const refusal = await guard.run(() => send(events));
        if (refusal === undefined) return;
        // What Redis says of a command repeats the command, and with it the event.
        throw new RefusedByRedis(refusal.message.split(' ', 1)[0]);
      } catch (error) {
        if (error instanceof RefusedByRedis || signal.aborted) throw error;
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  return {
    name: 'redis_stream',
    write: (batch, signal) =>
      write(
        batch.map((event) => JSON.stringify(eventRecord(event))),
        signal,
      ),
    close: () => guard.close(),
  };
}

class RefusedByRedis extends Error {}

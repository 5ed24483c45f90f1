import type { RedisClient } from './client.js';

/** What both kinds of client have, each with parameters of its own. */
interface Duplicated {
  duplicate(options?: { autoResubscribe: boolean }): RedisClient;
}

/**
 * A connection to the same Redis that hears messages. Whoever has it subscribes each time it is `ready`: where ioredis did
 * so by itself, a connection that is ended at that moment would leave a rejection that nobody can handle.
 */
export function subscriberOf(client: RedisClient): RedisClient {
  const either = client as unknown as Duplicated;
  const subscriber = client.isCluster ? either.duplicate() : either.duplicate({ autoResubscribe: false });
  subscriber.on('error', () => undefined);
  return subscriber;
}

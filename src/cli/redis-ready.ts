import type { RedisClient } from '../redis/client.js';
import { connectRedis } from '../redis/connect.js';
import { CliError } from './cli-error.js';
import { exitCode } from './exit-code.js';
import type { LoadedConfig } from './load-config.js';

/** How long Redis may take to be there, in milliseconds. */
const TIMEOUT_MS = 5000;

/**
 * Connects to Redis, and waits until it answers.
 *
 * @throws CliError saying why it cannot be asked
 */
export async function connectReadyRedis(url: string): Promise<RedisClient> {
  const client = connectRedis(url);
  // What a command is refused with does not say why the connection failed.
  let reason: Error | undefined;
  client.on('error', (error: Error) => {
    reason = error;
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([client.ping(), late]);
    return client;
  } catch (error) {
    client.disconnect();
    const cause = reason ?? (error as Error);
    throw new CliError(
      `Redis at ${placeOf(url)} cannot be asked (${reasonOf(cause)}). Start it, or correct \`redis\`, REDIS_URL or --redis-url.`,
      exitCode.noRedis,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks Redis, where a configuration says that it must be there.
 *
 * @throws CliError saying why it cannot be asked
 */
export async function requireRedis({ own, options: { redis } }: LoadedConfig): Promise<void> {
  if (own.onRedisDown === 'refuse' && typeof redis === 'string')
    (await connectReadyRedis(redis)).disconnect();
}

/** Without user, password and parameters. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'that address';
}

/** What ioredis says may repeat a command, and with it a password. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message.split('\n', 1)[0]?.slice(0, 120) ?? 'unknown';
}

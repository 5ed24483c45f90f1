import {
  type ApiKeyOptions,
  type ApiKeyStore,
  type AuthenticateOptions,
  authenticate,
  MemoryApiKeyStore,
} from 'gatewright/authenticate';
import type { Redis } from 'ioredis';
import { cleanup, send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { bare } from './support.js';

async function served(apiKeys: ApiKeyOptions, options: AuthenticateOptions) {
  const guard = authenticate({ apiKeys, ...options });
  cleanup(() => guard.close());
  const { url } = await serve(bare(guard, (_req, res) => res.end('in')));
  const request = (key: string, headers: Record<string, string> = {}) =>
    send(url, '/', { headers: { 'X-API-Key': key, ...headers } });
  /** What a request with a key is answered: 200, or why not. */
  const use = async (key: string, headers?: Record<string, string>): Promise<number | string> => {
    const { status, body } = await request(key, headers);
    return status === 200 ? status : `${status} ${JSON.parse(body).message}`;
  };
  return { url, guard, keys: guard.apiKeys, request, use };
}

async function inMemory(options: AuthenticateOptions = {}) {
  return served({ store: new MemoryApiKeyStore() }, options);
}

async function inRedis(options: AuthenticateOptions = {}) {
  const server = await RedisServer.start();
  const client: Redis = server.client();
  return { ...(await served({ redis: client }, options)), client };
}

/** Both stores behind `authenticate()`, each new and empty. */
export const stores = [
  ['memory', inMemory],
  ['Redis', inRedis],
] as const;

/** A store that does not answer at once. */
export function asynchronousStore(): ApiKeyStore {
  const memory = new MemoryApiKeyStore();
  return {
    find: async (by) => memory.find(by),
    save: async (record, former) => memory.save(record, former),
    list: async (page) => memory.list(page),
  };
}

import type { Cluster, Redis } from 'ioredis';

/** An ioredis client: of one server, of Sentinels, or of a Cluster. */
export type RedisClient = Redis | Cluster;

import { expect } from '@jest/globals';
import { Cluster } from 'ioredis';
import { ended, freePort, quick, RedisServer } from './redis-server.js';
import { eventually } from './redis-support.js';

const SLOTS = 16_384;

/** A real Redis Cluster of three masters, for the tests that share and stop it. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async launch(): Promise<RedisCluster> {
    const started = await Promise.all([1, 2, 3].map(startNode));
    const cluster = new RedisCluster(started.map(({ server }) => server));
    const clients = cluster.nodes.map((node) => node.client());
    const share = Math.ceil(SLOTS / clients.length);
    for (const [at, client] of clients.entries()) {
      await client.cluster('ADDSLOTSRANGE', at * share, Math.min(SLOTS, (at + 1) * share) - 1);
    }
    for (const { server, bus } of started.slice(1)) {
      await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', server.port, bus);
    }
    await eventually(async () => {
      for (const client of clients) {
        const info = await client.cluster('INFO');
        expect(info).toMatch(/cluster_state:ok.*cluster_slots_ok:16384.*cluster_known_nodes:3/s);
      }
    });
    return cluster;
  }

  /** A client, disconnected after the test. */
  client(): Cluster {
    const addresses = this.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    return ended(new Cluster(addresses, { clusterRetryStrategy: () => 50, redisOptions: quick }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

async function startNode(): Promise<{ server: RedisServer; bus: number }> {
  const bus = await freePort();
  const settings = ['--cluster-enabled', 'yes', '--cluster-port', String(bus)];
  const lenient = ['--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '1000'];
  return { server: await RedisServer.launch(...settings, ...lenient), bus };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Cluster, Redis, type RedisOptions } from 'ioredis';
import { cleanup } from './helpers.js';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A real redis-server of the test's own. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  /** What it says when it serves. */
  readonly #ready: string;
  #process: ChildProcess | undefined;

  private constructor(
    port: number,
    args: readonly string[],
    directory: string,
    ready = 'Ready to accept connections',
  ) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#args = args;
    this.#directory = directory;
    this.#ready = ready;
  }

  /** Starts one on a free port; it is stopped after the test. */
  static async start(...args: string[]): Promise<RedisServer> {
    const server = await RedisServer.launch(...args);
    cleanup(() => server.stop());
    return server;
  }

  /** Starts one that several tests have in common, and that they stop. */
  static async launch(...args: string[]): Promise<RedisServer> {
    const directory = await newDirectory();
    const settings = ['--save', '', '--dir', directory, ...args];
    return startOnFreePort((port) => new RedisServer(port, settings, directory));
  }

  /** Starts a Sentinel that watches a master by the name `main`, and one vote is enough. */
  static async startSentinel(master: RedisServer): Promise<RedisServer> {
    const directory = await newDirectory();
    const file = join(directory, 'sentinel.conf');
    const settings = [
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    ];
    await writeFile(file, settings.join('\n'));
    const args = [file, '--sentinel', '--dir', directory];
    const sentinel = await startOnFreePort(
      (port) => new RedisServer(port, args, directory, '+monitor master main'),
    );
    cleanup(() => sentinel.stop());
    return sentinel;
  }

  /** Starts it again after `kill`. */
  async up(): Promise<void> {
    const [first = '', ...others] = this.#args;
    const address = ['--port', String(this.port), '--bind', '127.0.0.1'];
    // A file of settings comes first.
    const args = first.startsWith('--') ? [...address, ...this.#args] : [first, ...address, ...others];
    const redis = spawn(process.env['REDIS_SERVER'] ?? 'redis-server', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = redis;
    for await (const line of createInterface({ input: redis.stdout })) {
      if (!line.includes(this.#ready)) continue;
      redis.stdout.resume();
      return;
    }
    throw new Error(`redis-server did not start on port ${this.port}`);
  }

  /** Sends a signal: SIGSTOP hangs it, SIGCONT lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends it without a chance to say goodbye. */
  async kill(): Promise<void> {
    const redis = this.#process;
    if (redis === undefined || redis.exitCode !== null || redis.signalCode !== null) return;
    const ended = once(redis, 'exit');
    redis.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** A client, disconnected after the test. */
  client(options: Omit<RedisOptions, 'replyMapping'> = {}): Redis {
    return ended(new Redis({ port: this.port, host: '127.0.0.1', ...quick, ...options }));
  }
}

/** Comes back soon when Redis is back, and goes soon when the test is over. */
export const quick = { retryStrategy: () => 50, disconnectTimeout: 50 };

/** Silences a client and disconnects it after the test. */
export function ended<Client extends Redis | Cluster>(client: Client): Client {
  client.on('error', () => undefined);
  cleanup(() => client.disconnect());
  return client;
}

function newDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'gatewright-redis-'));
}

/** A free port may be taken until it is used. */
async function startOnFreePort(make: (port: number) => RedisServer, tries = 3): Promise<RedisServer> {
  const server = make(await freePort());
  try {
    await server.up();
    return server;
  } catch (error) {
    await server.kill();
    if (tries === 1) throw error;
    return startOnFreePort(make, tries - 1);
  }
}

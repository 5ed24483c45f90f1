import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
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
  #process: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[], directory: string) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#args = args;
    this.#directory = directory;
  }

  /** Starts one on a free port; it is stopped after the test. */
  static async start(...args: string[]): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'gatewright-redis-'));
    const server = new RedisServer(await freePort(), args, directory);
    cleanup(() => server.stop());
    await server.up();
    return server;
  }

  /** Starts it again after `kill`. */
  async up(): Promise<void> {
    const settings = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      this.#directory,
    ];
    const redis = spawn(process.env['REDIS_SERVER'] ?? 'redis-server', [...settings, ...this.#args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = redis;
    for await (const line of createInterface({ input: redis.stdout })) {
      if (line.includes('Ready to accept connections')) break;
    }
    redis.stdout.resume();
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
  client(): Redis {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 50 });
    client.on('error', () => undefined);
    cleanup(() => client.disconnect());
    return client;
  }
}

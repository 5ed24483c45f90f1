import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { gateway, until } from './support.js';

const soak = Boolean(process.env['SOAK']);
const rounds = soak ? 20 : 2;
const script = fileURLToPath(new URL('target-process.mjs', import.meta.url));

/** A target that can be killed, stopped and started again, and the bodies that it was sent by POST. */
class TargetProcess {
  readonly posts: string[] = [];
  port = 0;
  #child: ChildProcess | undefined;

  async start(): Promise<void> {
    const child = fork(script, [String(this.port)], { silent: true });
    this.#child = child;
    cleanup(() => child.kill('SIGKILL'));
    child.stdout?.on('data', (lines) => this.posts.push(...String(lines).trim().split('\n')));
    const [address] = (await once(child, 'message')) as [AddressInfo];
    this.port = address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async kill(): Promise<void> {
    const exited = once(this.#child as ChildProcess, 'exit');
    this.#child?.kill('SIGKILL');
    await exited;
  }

  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }
}

/** Clients that send one request after the other until they are told to stop. */
function load(url: string, clients: number) {
  const agent = new Agent({ keepAlive: true });
  const gets = new Map<number, number>();
  const posts = new Map<string, number>();
  let sent = 0;
  let stopped = false;
  const send = (method: string, body?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const req = request(url, { agent, method }, (res) => {
        res.resume();
        res.once('end', () => resolve(res.statusCode ?? 0));
        res.once('error', reject);
      });
      req.once('error', reject);
      req.end(body);
    });
  const client = async (): Promise<void> => {
    while (!stopped) {
      const status = await send('GET');
      gets.set(status, (gets.get(status) ?? 0) + 1);
      sent += 1;
      if (sent % 4 !== 0) continue;
      const id = `post-${sent}`;
      posts.set(id, await send('POST', id));
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  const more = async (count: number): Promise<void> => {
    const goal = sent + count;
    await until(() => sent >= goal);
  };
  const stop = async (): Promise<void> => {
    stopped = true;
    await running;
    agent.destroy();
  };
  return { gets, posts, more, stop };
}

test(
  'targets that are killed, stopped and started again cost no GET an error, and no POST is sent twice',
  async () => {
    const targets = [new TargetProcess(), new TargetProcess(), new TargetProcess()];
    await Promise.all(targets.map((target) => target.start()));
    const { url, router } = await gateway({
      services: {
        '/': {
          targets: targets.map((target) => target.url),
          timeouts: { connectMs: 500, firstByteMs: 500 },
          healthCheck: { intervalMs: 100, timeoutMs: 100 },
          slowStartMs: 0,
        },
      },
    });
    const well = (at: number) => router.targets.list('root')[at]?.healthy === true;
    const all = load(url, 8);
    await all.more(100);
    for (let round = 0; round < rounds; round += 1) {
      const at = round % targets.length;
      const target = targets[at] as TargetProcess;
      await target.kill();
      await until(() => !well(at));
      await all.more(100);
      await target.start();
      await until(() => well(at));
      await all.more(50);
      target.hang();
      await until(() => !well(at));
      await all.more(100);
      target.goOn();
      await until(() => well(at));
      await all.more(50);
    }
    await all.stop();
    expect([...all.gets.keys()]).toEqual([200]);
    const received = targets.flatMap(({ posts }) => posts);
    expect(new Set(received).size).toBe(received.length);
    const statuses = [...all.posts.values()];
    expect(statuses.filter((status) => ![200, 502, 504].includes(status))).toEqual([]);
    // What was answered has arrived.
    const answered = [...all.posts].filter(([, status]) => status === 200).map(([id]) => id);
    expect(answered.filter((id) => !received.includes(id))).toEqual([]);
  },
  soak ? 300_000 : 60_000,
);

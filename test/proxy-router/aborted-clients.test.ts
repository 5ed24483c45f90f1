import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { serve } from '../helpers.js';
import { gateway, idle, until } from './support.js';

const soak = Boolean(process.env['SOAK']);
const clients = soak ? 10_000 : 300;
const atATime = 50;

/** What is in use after a garbage collection, in bytes. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Less than a kilobyte for each client of the long form. */
const noise = 8 * 1024 * 1024;

/** What clients do before they are gone. */
const requests = {
  'before it is sent whole': 'GET /x HTTP/1.1\r\nHost: a\r\n',
  'before it is answered': 'GET /hold HTTP/1.1\r\nHost: a\r\n\r\n',
  'in the midst of a download': 'GET /flow HTTP/1.1\r\nHost: a\r\n\r\n',
  'in the midst of an upload': 'POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf',
  'in the midst of a chunk': 'POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf',
};

test(
  `of ${clients} clients that leave, none leaves anything behind`,
  async () => {
    const { url: target, server: upstream } = await serve((req, res) => {
      if (req.url === '/flow') {
        const flow = setInterval(() => res.write('x'.repeat(1000)), 1);
        res.once('close', () => clearInterval(flow));
      } else req.resume();
    });
    const { port, server, router } = await gateway({ services: { '/': target } });
    const listeners = () =>
      [server, process].map((each) => each.eventNames().map((name) => [name, each.listenerCount(name)]));
    const leave = async (bytes: string): Promise<void> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(bytes);
      await new Promise((resolve) => setImmediate(resolve));
      socket.destroy();
      await once(socket, 'close');
    };
    const kinds = Object.values(requests);
    const wave = async (count: number): Promise<void> => {
      let next = 0;
      const client = async (): Promise<void> => {
        while (next < count) await leave(kinds[next++ % kinds.length] as string);
      };
      await Promise.all(Array.from({ length: atATime }, client));
      await idle(server);
      await until(() => router.targets.list('root').every(({ outstanding }) => outstanding === 0));
    };
    await wave(atATime);
    const before = listeners();
    const heapBefore = heapUsed();
    await wave(clients);
    expect(listeners()).toEqual(before);
    expect(heapUsed() - heapBefore).toBeLessThan(noise);
    await router.close();
    await idle(upstream);
  },
  soak ? 300_000 : 60_000,
);

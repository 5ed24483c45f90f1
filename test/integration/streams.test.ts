import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { gatewayOf } from '../gateway/support.js';
import { cleanup, serve } from '../helpers.js';

const MIB = 2 ** 20;
/** The full figure is for `npm run test:soak`. */
const size = process.env['SOAK'] ? 1024 * MIB : 192 * MIB;

async function responseTo(url: string): Promise<IncomingMessage> {
  const [res] = await once(get(url), 'response');
  return res;
}

describe('a gateway', () => {
  test(`passes a response of ${size / MIB} MiB through in less than 64 MiB of memory`, async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const { url: upstream } = await serve((_req, res) => {
      let left = size / chunk.length;
      Readable.from(
        (function* () {
          while (left-- > 0) yield chunk;
        })(),
      ).pipe(res);
    });
    const gateway = spawn(process.execPath, ['test/integration/gateway-process.mjs', upstream], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    cleanup(() => gateway.kill());
    const lines = createInterface({ input: gateway.stdout })[Symbol.asyncIterator]();
    const answer = async () => Number((await lines.next()).value);
    const port = await answer();
    const download = async (): Promise<number> => {
      let received = 0;
      for await (const part of await responseTo(`http://127.0.0.1:${port}/files/large`))
        received += part.length;
      return received;
    };

    const slow = await responseTo(`http://127.0.0.1:${port}/files/large`);
    slow.destroy();
    gateway.stdin.write('rss\nreset\n');
    const before = await answer();
    expect(await download()).toBe(size);
    gateway.stdin.write('rss\n');
    expect((await answer()) - before).toBeLessThan(64 * MIB);
  }, 300_000);

  test('passes server-sent events on one by one, as they are written', async () => {
    const streams: ServerResponse[] = [];
    const upstream = await serve((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      streams.push(res);
    });
    const gateway = gatewayOf({
      services: { '/events': upstream.url },
      authenticate: { anonymous: { paths: ['/events'] } },
    });
    const { url } = await serve(gateway.listener);
    const res = await responseTo(`${url}/events`);
    expect(res.headers['content-type']).toBe('text/event-stream');
    const events = res[Symbol.asyncIterator]();
    for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      streams[0]?.write(event);
      expect(String((await events.next()).value)).toBe(event);
    }
    const left = once(streams[0] as ServerResponse, 'close');
    res.destroy();
    await left;
  });
});

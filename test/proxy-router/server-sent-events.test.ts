import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { cleanup, mounts, serve } from '../helpers.js';
import { nobody, routerOf } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  async function open(headers: Record<string, string>) {
    let stream: ServerResponse | undefined;
    const { url } = await serve((_req, res) => {
      stream = res;
      res.writeHead(200, headers).flushHeaders();
    });
    const { port } = await serve(mount(routerOf({ services: { '/': url } }), nobody));
    const client = request({ port, agent: false }).end();
    cleanup(() => client.destroy());
    const [events] = (await once(client, 'response')) as [IncomingMessage];
    return { events, stream: stream as unknown as ServerResponse };
  }

  test('the head arrives before the first event, and each event as it is written', async () => {
    const { events, stream } = await open({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
    });
    expect(events.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
    });
    for (const event of ['data: one\n\n', ': \n\n', 'event: two\ndata: {"a":1}\n\n']) {
      stream.write(event);
      const [chunk] = await once(events, 'data');
      expect(String(chunk)).toBe(event);
    }
    stream.end();
    await once(events, 'end');
    expect(events.complete).toBe(true);
  });

  test('the head of a slow body with a length arrives before the body too', async () => {
    const { events, stream } = await open({ 'Content-Length': '4' });
    expect(events.headers['content-length']).toBe('4');
    stream.end('body');
    expect(String((await once(events, 'data'))[0])).toBe('body');
  });
});

test('a head and a body that come together go on together', async () => {
  const { url } = await serve((_req, res) => res.end('body'));
  const router = routerOf({ services: { '/': url } });
  let headsAlone = 0;
  const { port } = await serve((req, res) => {
    const flush = res.flushHeaders;
    res.flushHeaders = () => {
      headsAlone++;
      flush.call(res);
    };
    router(req, res, () => undefined);
  });
  const client = request({ port, agent: false }).end();
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  expect(String((await once(answer, 'data'))[0])).toBe('body');
  expect(headsAlone).toBe(0);
});

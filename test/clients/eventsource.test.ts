import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { cleanup } from '../helpers.js';
import { gatewayTo, transports } from './support.js';

describe.each(transports)('the eventsource package over %s', (_name, transport) => {
  /** An EventSource, and each request of it as it comes. */
  async function open() {
    const requests = new EventEmitter();
    const { base, key, gateway } = await gatewayTo(
      (req, res) => requests.emit('request', req, res),
      transport(),
    );
    const asking = next(requests);
    const source = new EventSource(`${base}/events?a=1`, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'X-API-Key': key } }),
    });
    cleanup(() => source.close());
    return { requests, source, gateway, first: await asking };
  }

  const next = async (requests: EventEmitter) =>
    (await once(requests, 'request')) as [IncomingMessage, ServerResponse];

  const events = { 'Content-Type': 'text/event-stream' };

  test('comes back with the id of the last event, after the time that it was told', async () => {
    const { requests, source, first } = await open();
    const [req, res] = first;
    expect([req.url, req.headers['last-event-id'], req.headers.accept]).toEqual([
      '/events?a=1',
      undefined,
      'text/event-stream',
    ]);
    const heard = once(source as never, 'message') as Promise<[MessageEvent]>;
    res.writeHead(200, events).write('retry: 1\nid: 7-ä\ndata: grüß\ndata: Gott\n\n');
    expect((await heard)[0]).toMatchObject({ data: 'grüß\nGott', lastEventId: '7-ä' });
    const asking = next(requests);
    res.end();
    const [again, res2] = await asking;
    expect(again.headers['last-event-id']).toBe('7-ä');
    const other = once(source as never, 'note') as Promise<[MessageEvent]>;
    res2.writeHead(200, events).write(': nothing\n\nevent: note\nid: 8\ndata: two\n\n');
    expect((await other)[0]).toMatchObject({ data: 'two', lastEventId: '8' });
  });

  test('comes back after the upstream has cut the stream', async () => {
    const { requests, source, first } = await open();
    const heard = once(source as never, 'message');
    first[1].writeHead(200, events).write('retry: 1\nid: 1\ndata: one\n\n');
    await heard;
    const asking = next(requests);
    first[1].destroy();
    expect((await asking)[0].headers['last-event-id']).toBe('1');
  });

  test('stays away after a 204, and after what are no events', async () => {
    for (const answer of [
      (res: ServerResponse) => res.writeHead(204).end(),
      (res: ServerResponse) => res.end('text'),
    ]) {
      const { source, first } = await open();
      const failed = new Promise<void>((resolve) => source.addEventListener('error', () => resolve()));
      answer(first[1]);
      await failed;
      expect(source.readyState).toBe(EventSource.CLOSED);
    }
  });

  test('closes, and the upstream learns of it', async () => {
    const { source, first } = await open();
    const opened = new Promise<void>((resolve) => source.addEventListener('open', () => resolve()));
    first[1].writeHead(200, events).flushHeaders();
    await opened;
    const closed = once(first[1], 'close');
    source.close();
    await closed;
  });
});

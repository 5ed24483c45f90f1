import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { WebSocketRelay } from '../../src/proxy-router/websocket-relay.js';
import { cleanup } from '../helpers.js';

/** Both ends of a connection. */
async function connection(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [far] = await accepted;
  cleanup(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

/** An empty frame of text. */
const frame = Buffer.from([0x81, 0x00]);

test('messages of one turn are passed on in one write', async () => {
  const [[, from], [to, receiver]] = await Promise.all([connection(), connection()]);
  const relay = new WebSocketRelay(from, to, true, () => undefined);
  relay.start([]);
  // What one piece and what several pieces are written by.
  const writes = (['_write', '_writev'] as const).map((name) => jest.spyOn(to, name));
  const called = (): number => writes.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  for (let message = 0; message < 3; message++) from.emit('data', frame);
  expect(called()).toBe(0);
  const [received] = (await once(receiver, 'data')) as [Buffer];
  expect(received).toEqual(Buffer.concat([frame, frame, frame]));
  expect([called(), relay.bytes]).toEqual([1, 6]);
});

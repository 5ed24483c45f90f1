import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { cleanup, serve } from '../helpers.js';
import { attached, frame, open, raw, readUntil, upgradeHead } from './support.js';

const SIZE = 64_000_000;

async function bothEnds() {
  const up = await serve(() => undefined);
  up.server.on('upgrade', (_req, socket: Socket) => {
    cleanup(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
  });
  const opening = once(up.server, 'upgrade');
  const { port } = await attached({ ...open, services: { '/chat': up.url } });
  const client = raw(port, upgradeHead('/chat'));
  const [, behind] = (await opening) as [unknown, Socket];
  await readUntil(client, (bytes) => bytes.includes('\r\n\r\n'));
  client.pause();
  return { client, behind };
}

/** Waits until a socket takes nothing more. */
async function stuck(socket: Socket): Promise<number> {
  let before = -1;
  while (socket.writableLength !== before) {
    before = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return before;
}

test.each(['client', 'upstream'])(
  'what a slow %s does not take is not read from the other side',
  async (slow) => {
    const { client, behind } = await bothEnds();
    const [from, to] = slow === 'client' ? [behind, client] : [client, behind];
    const bytes = frame(2, Buffer.alloc(SIZE), slow === 'upstream');
    for (let at = 0; at < bytes.length; at += 65_536) from.write(bytes.subarray(at, at + 65_536));
    expect(await stuck(from)).toBeGreaterThan(SIZE / 2);
    let taken = 0;
    to.on('data', (piece: Buffer) => {
      taken += piece.length;
      if (taken === bytes.length) to.emit('taken');
    });
    to.resume();
    await once(to, 'taken');
  },
);

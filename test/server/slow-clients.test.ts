import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { debianProgram } from '../debian-program.js';
import { cleanup, send } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { started } from './support.js';

const SOAK = process.env['SOAK'] !== undefined;
const SECONDS = 60;

/** A gateway before a service with a small answer and a large one. */
async function attacked() {
  const behind = await upstream((req, res) => {
    res.end(req.url === '/large' ? Buffer.alloc(1_000_000) : 'small');
  });
  return started({
    services: { '/api': behind.url },
    server: { headersTimeoutMs: 5000, requestTimeoutMs: 10_000, sendTimeoutMs: 5000, maxConnections: 2000 },
  });
}

const attacks: readonly (readonly [string, string])[] = [
  ['header fields that never end', 'GET /api HTTP/1.1\r\nHost: a\r\nX-A: '],
  ['bodies that never end', 'POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'],
  ['answers that are not read', 'GET /api/large HTTP/1.1\r\nHost: a\r\n\r\n'],
];

test.each(attacks)(
  'others are served while hundreds of clients are slow: %s',
  async (_what, bytes) => {
    const { url, port } = await attacked();
    const sockets: Socket[] = [];
    for (let at = 0; at < 200; at += 1) {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => undefined).pause();
      sockets.push(socket);
      cleanup(() => socket.destroy());
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (let round = 0; round < 20; round += 1) {
      for (const socket of sockets) if (socket.writable) socket.write('a');
      expect(await send(url, '/api')).toMatchObject({ status: 200, body: 'small' });
    }
  },
  60_000,
);

/** How slowhttptest attacks: slow header fields, slow bodies, slow reading. */
const modes: readonly (readonly [string, string[]])[] = [
  ['slowloris', ['-H']],
  ['slow body', ['-B', '-s', '1000000']],
  ['slow read', ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '1']],
];

if (SOAK) {
  test.each(modes)(
    'others are served throughout a minute of slowhttptest: %s',
    async (_name, flags) => {
      const program = await debianProgram('slowhttptest', 'usr/bin/slowhttptest');
      const { url } = await attacked();
      const path = flags[0] === '-X' ? '/api/large' : '/api';
      const args = [
        ...flags,
        '-c',
        '1000',
        '-r',
        '200',
        '-i',
        '2',
        '-l',
        String(SECONDS),
        '-u',
        `${url}${path}`,
      ];
      let isOver = false;
      const attack = new Promise<void>((resolve) => {
        const child = execFile(program, args, { maxBuffer: 100_000_000 }, () => {
          isOver = true;
          resolve();
        });
        cleanup(() => child.kill());
      });
      let served = 0;
      while (!isOver) {
        expect(await send(url, '/api')).toMatchObject({ status: 200, body: 'small' });
        served += 1;
      }
      await attack;
      expect(served).toBeGreaterThan(SECONDS);
    },
    180_000,
  );
}

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, test } from '@jest/globals';
import { sendRaw, serve } from '../helpers.js';
import { byTransport, gateway, rawUpstream } from './support.js';

test('trailers of an answer go on', async () => {
  const body = '4\r\nbody\r\n0\r\nX-Checksum: 1\r\nX-Checksum: 2\r\n\r\n';
  const { url } = await rawUpstream((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nTrailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n${body}`),
  );
  const { port } = await gateway({ services: { '/': url } });
  const client = request({ port, agent: false }).end();
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  expect(answer.rawTrailers).toEqual(['X-Checksum', '1', 'X-Checksum', '2']);
});

test('trailers of a request go on where the transport can send them', async () => {
  const { url } = await serve(async (req, res) => {
    for await (const _ of req);
    res.end(JSON.stringify(req.rawTrailers));
  });
  const { port } = await gateway({ services: { '/': url } });
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  const answer = await sendRaw(
    port,
    `${head}4\r\nbody\r\n0\r\nX-Checksum: 1\r\nX-Gateway-Tier: system\r\n\r\n`,
  );
  const trailers = byTransport({ default: '["X-Checksum","1"]', undici: '[]' });
  expect(answer.split('\r\n\r\n')[1]).toBe(trailers);
});

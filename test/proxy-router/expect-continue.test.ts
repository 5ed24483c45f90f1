import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { gateway, upstream } from './support.js';

test('a client that waits for 100 (Continue) gets it, and its body and answer pass', async () => {
  const { url, seen } = await upstream((_req, res) => res.end('taken'));
  const { port } = await gateway({ services: { '/': url } });
  const sent: string[] = [];
  const answer = await new Promise<string>((resolve, reject) => {
    const req = request(
      {
        port,
        method: 'POST',
        agent: false,
        headers: {
          Expect: '100-continue',
          'Content-Length': 4,
          'X-Gateway-Tier': 'enterprise',
          'Proxy-Authorization': 'Basic c2VjcmV0',
        },
      },
      (res) => resolve(text(res)),
    );
    req.once('error', reject);
    req.once('continue', () => {
      sent.push('body');
      req.end('body');
    });
    req.flushHeaders();
  });
  expect([sent, answer]).toEqual([['body'], 'taken']);
  expect(seen).toMatchObject([
    { body: 'body', headers: { 'content-length': '4', 'x-gateway-tier': 'free' } },
  ]);
  expect(seen[0]?.headers).not.toHaveProperty('expect');
  expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
});

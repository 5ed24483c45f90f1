import type { RequestListener } from 'node:http';
import { describe, expect, jest, test } from '@jest/globals';
import { provider, providerKey, withProvider } from './jwks-support.js';
import { identityIn, invalid, refusalIn, stopClock } from './jwt-support.js';

const a = providerKey('a');
const b = providerKey('b');
const unavailable = {
  status: 503,
  body: '{"error":"Service temporarily unavailable","service":"authentication"}',
  challenge: undefined,
};

const failures: [string, RequestListener][] = [
  ['answers 500', (_req, res) => res.writeHead(500).end('{"keys":[]}')],
  ['answers 404', (_req, res) => res.writeHead(404).end()],
  ['answers 204', (_req, res) => res.writeHead(204).end()],
  ['cuts the connection', (req) => req.socket.destroy()],
  ['never answers', () => undefined],
  [
    'stops in the middle of its answer',
    (_req, res) => {
      res.writeHead(200, { 'Content-Length': 1000 }).write('{"keys":[');
    },
  ],
  [
    'cuts its answer short',
    (_req, res) => {
      res.writeHead(200, { 'Content-Length': 1000 }).write('{"keys":[');
      setTimeout(() => res.destroy(), 20);
    },
  ],
  [
    'answers byte by byte without end',
    (_req, res) => {
      const drip = setInterval(() => res.write(' '), 20);
      res.on('close', () => clearInterval(drip));
    },
  ],
  ['answers more than can be kept', (_req, res) => res.end(`{"keys":[],"pad":"${'x'.repeat(300_000)}"}`)],
  ['answers without end', (_req, res) => pour(res)],
  ['answers HTML', (_req, res) => res.end('<html>Maintenance</html>')],
  ['answers half a document', (_req, res) => res.end('{"keys":[{"kty":')],
  ['answers nothing', (_req, res) => res.end()],
  ['answers null', (_req, res) => res.end('null')],
  ['answers a list', (_req, res) => res.end('[]')],
  ['answers an object for the keys', (_req, res) => res.end('{"keys":{"length":1}}')],
  ['answers no keys', (_req, res) => res.end('{"keys":[]}')],
  ['answers what are no keys', (_req, res) => res.end('{"keys":[null,7,"a",[],{},{"kty":"EC"}]}')],
];

/** Writes until the other side has had enough. */
function pour(res: Parameters<RequestListener>[1]): void {
  const chunk = Buffer.alloc(65_536, ' ');
  const more = (): void => {
    while (!res.destroyed && res.write(chunk));
  };
  res.on('drain', more);
  more();
}

test.each(failures)(
  'a provider that %s: 503 for a key that is not known, and nobody is let in',
  async (_what, how) => {
    const there = await provider();
    there.answer(how);
    const { present } = await withProvider(there.url, { timeoutMs: 200 });
    const answer = await present(a.token());
    expect(refusalIn(answer)).toEqual(unavailable);
    expect(answer.headers['retry-after']).toBe('1');
    there.publish(a);
    expect(identityIn(await present(a.token())).id).toBe('alice');
  },
);

test.each(failures)('a provider that %s: keys that are known go on working', async (_what, how) => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { timeoutMs: 200, cacheTtlMs: 60_000 });
  await present(a.token());
  there.answer(how);
  jest.advanceTimersByTime(60_000);
  expect(identityIn(await present(a.token())).id).toBe('alice');
  expect(refusalIn(await present(b.token()))).toEqual(unavailable);
  expect(identityIn(await present(a.token())).id).toBe('alice');
});

test('while a provider hangs, only the first waits for it', async () => {
  stopClock();
  const there = await provider(a);
  const { guard, present } = await withProvider(there.url, { timeoutMs: 300, cacheTtlMs: 60_000 });
  const token = a.token();
  await present(token);
  there.answer(() => undefined);
  jest.advanceTimersByTime(60_000);
  await present(token);
  let passed = false;
  const req = { headers: { authorization: `Bearer ${token}` }, socket: {} };
  guard(req as never, { setHeader() {}, on() {} } as never, () => {
    passed = true;
  });
  expect(passed).toBe(true);
});

test('known keys work for `staleIfErrorMs` beyond `cacheTtlMs`, and no longer', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { cacheTtlMs: 60_000, staleIfErrorMs: 30_000 });
  await present(a.token());
  there.answer((_req, res) => res.writeHead(500).end());
  jest.advanceTimersByTime(89_999);
  expect(identityIn(await present(a.token())).id).toBe('alice');
  jest.advanceTimersByTime(1);
  expect(refusalIn(await present(a.token()))).toEqual(unavailable);
  there.publish(a);
  expect(identityIn(await present(a.token())).id).toBe('alice');
});

test('a provider that is down is asked no more often than one that is up', async () => {
  stopClock();
  const there = await provider();
  there.answer((_req, res) => res.writeHead(500).end());
  const { present } = await withProvider(there.url, { requestsPerMinute: 3 });
  for (let round = 0; round < 20; round += 1)
    expect(refusalIn(await present(a.token()))).toEqual(unavailable);
  expect(there.requests).toBe(3);
});

test('when it is back, it is believed again: also that a key is gone', async () => {
  stopClock();
  const there = await provider(a);
  const { present } = await withProvider(there.url, { cacheTtlMs: 60_000 });
  const token = a.token();
  await present(token);
  there.answer((req) => req.socket.destroy());
  jest.advanceTimersByTime(60_000);
  expect(identityIn(await present(token)).id).toBe('alice');
  there.publish(b);
  expect(identityIn(await present(b.token())).id).toBe('alice');
  expect(refusalIn(await present(token))).toEqual(invalid);
});

describe('a redirect is not followed', () => {
  test.each([301, 302, 303, 307, 308])('%i', async (status) => {
    const elsewhere = await provider(a);
    const there = await provider();
    there.answer((_req, res) => res.writeHead(status, { Location: elsewhere.url }).end());
    const { present } = await withProvider(there.url);
    expect(refusalIn(await present(a.token()))).toEqual(unavailable);
    expect(elsewhere.requests).toBe(0);
  });
});

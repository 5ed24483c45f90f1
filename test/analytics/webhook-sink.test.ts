import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import type { WebhookOptions } from '../../src/analytics/webhook-options.js';
import { webhookSink } from '../../src/analytics/webhook-sink.js';
import { serve } from '../helpers.js';
import { freePort } from '../redis-server.js';
import { event, events, never, type Received, receiver } from './sink-support.js';

const bytes = randomBytes(32);
const secret = `whsec_${bytes.toString('base64')}`;
const sinkTo = (url: string, options: Partial<WebhookOptions> = {}) =>
  webhookSink({ url, secret, retryDelayMs: 1, ...options });
const statuses = (...codes: number[]) => receiver((res, nth) => res.writeHead(codes[nth - 1] ?? 200).end());

test('posts a batch as JSON', async () => {
  const { url, received } = await receiver();
  const webSocket = { bytesReceived: 1, bytesSent: 2, end: 'closed' } as const;
  await sinkTo(`${url}/hook?a=b`, { headers: { Authorization: 'Bearer t\n' } }).write(
    [event(), event({ id: 'b', refusal: 'ERR_GATEWAY_X', webSocket, cost: Number.NaN })],
    never,
  );
  expect(received).toHaveLength(1);
  const [{ method, url: path, headers, body }] = received as [Received];
  expect({ method, path }).toEqual({ method: 'POST', path: '/hook?a=b' });
  expect(headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer t' });
  const first = {
    timestamp: '2024-01-01T12:00:00.000Z',
    request_id: 'request-1',
    service: 'kgot',
    tier: 'free',
    subject: 'key:abc',
    method: 'GET',
    status: 200,
    duration_ms: 12.346,
    time_to_first_byte_ms: 5,
    upstream_ms: null,
    bytes_in: 0,
    bytes_out: 10,
    cost: 0.002,
    ending: 'finished',
    refusal: null,
    limit_type: null,
    limit_enforced: true,
    retries: 0,
    upstream_failure: null,
    degraded: null,
    web_socket: null,
  };
  const second = {
    ...first,
    request_id: 'b',
    refusal: 'ERR_GATEWAY_X',
    cost: 0,
    web_socket: { bytes_received: 1, bytes_sent: 2, end: 'closed' },
  };
  expect(JSON.parse(body)).toEqual({ events: [first, second] });
});

describe('the signature', () => {
  test('is that of Standard Webhooks', async () => {
    const { url, received } = await receiver();
    await sinkTo(url).write([event()], never);
    const { headers, body } = received[0] ?? ({} as never);
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    expect(id).toMatch(/^evt_[\w-]{36}$/);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
    const expected = createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  // The example of the specification.
  test('agrees with the published example', async () => {
    const { WebhookSignature } = await import('../../src/analytics/webhook-signature.js');
    const signature = new WebhookSignature(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']);
    expect(
      signature.headers('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}'),
    ).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('is made with each secret, also with one that is not base64', async () => {
    const { url, received } = await receiver();
    const plain = 'a secret of 24 bytes, or more';
    await sinkTo(url, { secret: [plain, secret] }).write([event()], never);
    const { headers, body } = received[0] ?? ({} as never);
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const by = (key: string | Buffer) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
    expect(headers['webhook-signature']).toBe(`${by(plain)} ${by(bytes)}`);
  });

  test('is left out where that was asked for', async () => {
    const { url, received } = await receiver();
    await sinkTo(url, { secret: false }).write([event()], never);
    expect(received[0]?.headers['webhook-signature']).toBeUndefined();
  });
});

describe('is tried again', () => {
  test.each([500, 502, 503, 429, 408])('after %i, with the same id', async (status) => {
    const { url, received } = await statuses(status, status);
    await sinkTo(url).write([event()], never);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('after a connection that broke, and one that hangs', async () => {
    const { url, received } = await receiver((res, nth) => {
      if (nth === 1) res.destroy();
      if (nth > 2) res.end();
    });
    await sinkTo(url, { timeoutMs: 200 }).write([event()], never);
    expect(received).toHaveLength(3);
  });

  test('so often, and no more', async () => {
    const { url, received } = await statuses(...new Array(20).fill(500));
    await expect(sinkTo(url, { retries: 2 }).write([event()], never)).rejects.toThrow(
      'The receiver answered 500',
    );
    expect(received).toHaveLength(3);
  });

  test('not where the answer is final', async () => {
    for (const status of [400, 401, 404, 410, 422]) {
      const { url, received } = await statuses(status);
      await expect(sinkTo(url).write([event()], never)).rejects.toThrow(`The receiver answered ${status}`);
      expect(received).toHaveLength(1);
    }
  });

  test.each(['100000', new Date(Date.now() + 3_600_000).toUTCString()])(
    'no later than is bounded, whatever Retry-After says: %s',
    async (retryAfter) => {
      const { url, received } = await receiver((res, nth) =>
        nth === 1 ? res.writeHead(429, { 'Retry-After': retryAfter }).end() : res.end(),
      );
      await sinkTo(url, { maxRetryDelayMs: 20 }).write([event()], never);
      expect(received).toHaveLength(2);
    },
  );

  test('no sooner than Retry-After says', async () => {
    const { url, until, received } = await receiver((res) =>
      res.writeHead(503, { 'Retry-After': '3600' }).end(),
    );
    const abort = new AbortController();
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const written = sinkTo(url, { maxRetryDelayMs: 500_000 }).write([event()], abort.signal);
    await until(1);
    while (!timers.mock.calls.some(([, ms]) => ms === 500_000)) await new Promise(setImmediate);
    timers.mockRestore();
    abort.abort();
    await expect(written).rejects.toThrow();
    expect(received).toHaveLength(1);
  });

  test('until nobody waits for it any more', async () => {
    const { url, received } = await receiver((res) => void res.writeHead(500).end());
    const abort = new AbortController();
    const written = sinkTo(url, { retries: 10, retryDelayMs: 600_000, maxRetryDelayMs: 600_000 }).write(
      [event()],
      abort.signal,
    );
    abort.abort();
    await expect(written).rejects.toThrow('Given up');
    expect(received.length).toBeLessThanOrEqual(1);
  });
});

test('follows no redirect', async () => {
  const other = await receiver();
  const { url, received } = await receiver((res) => res.writeHead(307, { Location: other.url }).end());
  await expect(sinkTo(url).write([event()], never)).rejects.toThrow('The receiver answered 307');
  expect(received).toHaveLength(1);
  expect(other.received).toHaveLength(0);
});

test('does not wait for an answer’s body that never ends', async () => {
  const { url } = await serve((req, res) => {
    req.resume();
    res.write('x'.repeat(100_000));
  });
  await sinkTo(url).write([event()], never);
});

test('says nothing of the URL when the receiver is not there', async () => {
  const port = await freePort();
  const failure = await Promise.resolve(
    sinkTo(`http://127.0.0.1:${port}/token`, { retries: 0 }).write([event()], never),
  ).catch((error: Error) => error);
  expect(String(failure)).toBe('DeliveryError: The receiver could not be reached: ECONNREFUSED');
});

test('sends a full batch', async () => {
  const { url, received } = await receiver();
  await sinkTo(url).write(events(1000), never);
  expect(JSON.parse(received[0]?.body ?? '').events).toHaveLength(1000);
});

describe('refuses', () => {
  const url = 'https://hooks.example.com';
  test.each<[string, object, string]>([
    ['no URL', { url: 'hooks' }, '`webhookSink.url` must be a URL such as'],
    ['a URL of another kind', { url: 'file:///etc/passwd' }, 'must be an http: or https: URL'],
    ['credentials in a URL', { url: 'https://u:pa55@a.example' }, 'must not hold a user name or password'],
    ['no secret', { secret: undefined }, '`webhookSink.secret` must be 24 to 64 bytes'],
    ['a short secret', { secret: 'hunter2' }, 'got a string of 7 characters'],
    ['a short secret among others', { secret: [secret, 'hunter2'] }, '`webhookSink.secret` must be'],
    ['base64 that is none', { secret: 'whsec_hunter2 hunter2 hunter2 hunter2' }, 'must be 24 to 64 bytes'],
    ['a field that is the sender’s', { headers: { 'Webhook-Id': 'a' } }, 'must not be a field that the'],
    ['a value with a line break', { headers: { a: 'hunter2\r\nb: c' } }, 'must be one line'],
    ['too many retries', { retries: 11 }, '`webhookSink.retries` must be at most 10, got 11.'],
    ['an unknown option', { timeoutMS: 1 }, 'Did you mean `timeoutMs`?'],
  ])('%s', (_name, options, message) => {
    const make = () => webhookSink({ url, secret, ...options } as WebhookOptions);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(/hunter2|pa55/);
  });
});

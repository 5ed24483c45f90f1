import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { type AuthenticateOptions, authenticate, requirePermissions } from 'gatewright/authenticate';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { Lockout } from '../../src/authenticate/lockout.js';
import { send, serve } from '../helpers.js';
import { asynchronousStore } from './keys-in-stores.js';
import { adminKey, bare, invalidKey, keyRequired } from './support.js';

const failures = 3;

/** A proxy on this machine says whose requests it brings. */
async function locking(options: AuthenticateOptions = {}) {
  const guard = authenticate({ trustProxy: 'loopback', lockout: { failures }, ...options });
  const permitted = requirePermissions('a:b');
  const { url } = await serve(
    bare(guard, (req, res) =>
      req.url === '/permitted' ? permitted(req, res, () => res.end()) : res.end('in'),
    ),
  );
  const from = (address: string, key?: string, path = '/') =>
    send(url, path, {
      headers: { 'X-Forwarded-For': address, ...(key !== undefined && { 'X-API-Key': key }) },
    });
  const guess = (address: string) => from(address, generateApiKey());
  const lock = async (address: string) => {
    for (let times = 0; times < failures; times += 1) expect(await guess(address)).toMatchObject(invalidKey);
  };
  return { guard, url, from, guess, lock };
}

const here = '203.0.113.7';
const elsewhere = '203.0.113.8';

afterEach(() => {
  jest.useRealTimers();
});

/** The clocks that windows are told by stand still, and sockets go on. */
function stopClocks(): void {
  jest.useFakeTimers({
    doNotFake: [
      'nextTick',
      'setImmediate',
      'clearImmediate',
      'queueMicrotask',
      'setInterval',
      'clearInterval',
    ],
  });
}

describe('an address that has presented too many wrong credentials', () => {
  test('is answered 429 until its window ends', async () => {
    stopClocks();
    const { guess, lock } = await locking();
    await lock(here);
    jest.advanceTimersByTime(20_000);
    const answer = await guess(here);
    expect([answer.status, answer.body]).toEqual([
      429,
      '{"error":"Rate limit exceeded","limit_type":"ip","retry_after":40}',
    ]);
    expect(answer.headers['retry-after']).toBe('40');
    jest.advanceTimersByTime(39_000);
    expect((await guess(here)).headers['retry-after']).toBe('1');
    jest.advanceTimersByTime(1_000);
    await lock(here);
    expect((await guess(here)).status).toBe(429);
  });

  test('has failed in one window, not in several', async () => {
    stopClocks();
    const { guess } = await locking({ lockout: { failures, windowMs: 5000 } });
    for (let times = 0; times < 4 * failures; times += 1) {
      expect((await guess(here)).status).toBe(401);
      jest.advanceTimersByTime(2500);
    }
  });

  test('is let in with a key that is good', async () => {
    const { guard, from, lock, guess } = await locking();
    const { key } = await guard.apiKeys.create();
    await lock(here);
    expect((await from(here, key)).status).toBe(200);
    expect((await guess(here)).status).toBe(429);
  });

  test('is let in with a key from a store of one’s own if it has been good before', async () => {
    const { guard, from, lock } = await locking({ apiKeys: { store: asynchronousStore() } });
    const [known, unknown] = [await guard.apiKeys.create(), await guard.apiKeys.create()];
    expect((await from(elsewhere, known.key)).status).toBe(200);
    await lock(here);
    expect((await from(here, known.key)).status).toBe(200);
    expect((await from(here, unknown.key)).status).toBe(429);
    expect((await from(elsewhere, unknown.key)).status).toBe(200);
    expect((await from(here, unknown.key)).status).toBe(200);
  });

  test('is refused the administrator’s key, which could be guessed at otherwise', async () => {
    const { from, lock } = await locking({ adminKey });
    await lock(here);
    expect((await from(here, adminKey)).status).toBe(429);
    expect((await from(elsewhere, adminKey)).status).toBe(200);
  });

  test('is let in with a good key that is a WebSocket’s subprotocol', async () => {
    const { guard, url, lock } = await locking();
    const { key } = await guard.apiKeys.create();
    await lock(here);
    const open = (protocol: string) =>
      send(url, '/', {
        headers: { 'X-Forwarded-For': here, Upgrade: 'websocket', 'Sec-WebSocket-Protocol': protocol },
      });
    expect((await open(`gateway.key.${key}`)).status).toBe(200);
    expect((await open(`gateway.key.${generateApiKey()}`)).status).toBe(429);
  });

  test('is refused anonymous paths too', async () => {
    const { from, lock } = await locking({ anonymous: { paths: ['/public'] } });
    expect((await from(here, undefined, '/public')).status).toBe(200);
    await lock(here);
    expect((await from(here, undefined, '/public')).status).toBe(429);
    expect((await from(elsewhere, undefined, '/public')).status).toBe(200);
  });

  test('locks nobody else out', async () => {
    const { lock, guess } = await locking();
    await lock(here);
    expect((await guess(here)).status).toBe(429);
    expect((await guess(elsewhere)).status).toBe(401);
  });

  test('is a whole IPv6 subnet of 64 bits', async () => {
    const { lock, guess } = await locking();
    await lock('2001:db8:1:2::1');
    expect((await guess('2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await guess('2001:db8:1:3::1')).status).toBe(401);
  });
});

test('addresses are counted in bounded memory', async () => {
  const lockout = new Lockout({ failures: 2, windowMs: 10_000 });
  const fail = async (address: string): Promise<number> => {
    lockout.failed(address);
    await Promise.resolve();
    return lockout.remainingMs(address);
  };
  await fail(here);
  for (let each = 0; each < 100_000; each += 1)
    lockout.failed(`10.${each >> 16}.${(each >> 8) & 255}.${each & 255}`);
  expect(await fail(here)).toBe(0);
  expect(await fail(here)).toBeGreaterThan(0);
});

describe('no failures are', () => {
  test('missing credentials', async () => {
    const { from, guess } = await locking();
    for (let times = 0; times < 3 * failures; times += 1) {
      expect(await from(here)).toMatchObject(keyRequired);
    }
    expect((await guess(here)).status).toBe(401);
  });

  test('permissions that a good key lacks, and places that it is not for', async () => {
    const { guard, from } = await locking();
    const { key } = await guard.apiKeys.create();
    const { key: bound } = await guard.apiKeys.create({ allowedIps: [elsewhere] });
    for (let times = 0; times < failures; times += 1) {
      expect((await from(here, key, '/permitted')).status).toBe(403);
      expect((await from(here, bound)).status).toBe(403);
    }
    expect((await from(here, 'gw_mistyped')).status).toBe(401);
  });
});

test.each<[string, (keys: Awaited<ReturnType<typeof locking>>['guard']['apiKeys']) => Promise<string>]>([
  ['mistyped', async () => 'gw_mistyped'],
  ['empty', async () => ''],
  [
    'revoked',
    async (keys) => {
      const { key, record } = await keys.create();
      await keys.revoke(record.id);
      return key;
    },
  ],
])('a failure is a key that is %s', async (_how, make) => {
  const { guard, from, guess } = await locking();
  const key = await make(guard.apiKeys);
  for (let times = 0; times < failures; times += 1) expect((await from(here, key)).status).toBe(401);
  expect((await guess(here)).status).toBe(429);
});

test('nobody is locked out where that is switched off', async () => {
  const { guess } = await locking({ lockout: false });
  for (let times = 0; times < 120; times += 1) expect((await guess(here)).status).toBe(401);
});

test('a hundred failures a minute lock an address out where nothing else is said', async () => {
  const { guess } = await locking({ lockout: undefined });
  for (let times = 0; times < 100; times += 1) expect((await guess(here)).status).toBe(401);
  expect((await guess(here)).status).toBe(429);
});

test.each<[string, AuthenticateOptions['lockout'], string]>([
  ['no failure', { failures: 0 }, 'authenticate.lockout.failures'],
  ['half a failure', { failures: 2.5 }, 'authenticate.lockout.failures'],
  ['a window that is too short', { windowMs: 999 }, 'authenticate.lockout.windowMs'],
  ['an unknown option', { windowMS: 5000 } as never, 'Did you mean `windowMs`'],
  ['what is no object', true as never, 'authenticate.lockout'],
])('%s is refused', (_what, lockout, message) => {
  expect(() => authenticate({ lockout })).toThrow(ConfigError);
  expect(() => authenticate({ lockout })).toThrow(message);
});

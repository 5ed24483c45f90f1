import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { stores } from './keys-in-stores.js';
import { wallClock } from './keys-support.js';

const REVOKED = '401 API key revoked';
const EXPIRED = '401 API key expired';

describe.each(stores)('a key in %s', (_name, open) => {
  test('that is rotated keeps its id and its limits, and the former secret works for a day', async () => {
    const clock = wallClock();
    const { keys, use } = await open();
    const { key, record } = await keys.create({ tier: 'basic', limits: { requestsPerMinute: 7 } });
    const rotated = await keys.rotate(record.id);
    expect(rotated?.key).not.toBe(key);
    expect(rotated?.record).toMatchObject({ id: record.id, tier: 'basic', limits: { requestsPerMinute: 7 } });
    expect([await use(key), await use(rotated?.key ?? '')]).toEqual([200, 200]);
    clock.advance(86_390_000);
    expect([await use(key), await use(rotated?.key ?? '')]).toEqual([200, 200]);
    clock.advance(11_000);
    expect([await use(key), await use(rotated?.key ?? '')]).toEqual([EXPIRED, 200]);
  });

  test('that is rotated without grace works no more with its former secret', async () => {
    const { keys, use } = await open();
    const { key, record } = await keys.create();
    expect(await use(key)).toBe(200);
    const rotated = await keys.rotate(record.id, { graceSeconds: 0 });
    expect([await use(key), await use(rotated?.key ?? '')]).toEqual([EXPIRED, 200]);
  });

  test('that is rotated twice works with its last two secrets', async () => {
    const { keys, use } = await open();
    const first = await keys.create();
    const second = await keys.rotate(first.record.id);
    const third = await keys.rotate(first.record.id);
    const secrets = [first.key, second?.key ?? '', third?.key ?? ''];
    expect(await Promise.all(secrets.map((key) => use(key)))).toEqual(['401 Invalid API key', 200, 200]);
  });

  test('that is revoked is refused, its former secret too, and stays there to be seen', async () => {
    const { keys, use } = await open();
    const { key, record } = await keys.create();
    const rotated = await keys.rotate(record.id);
    expect(await keys.revoke(record.id)).toBe(true);
    expect(await use(rotated?.key ?? '')).toBe(REVOKED);
    expect(await use(key)).toBe('401 Invalid API key');
    expect(await keys.get(record.id)).toMatchObject({ id: record.id, revokedAt: expect.any(String) });
  });

  test('is revoked once, however often', async () => {
    const clock = wallClock();
    const { keys } = await open();
    const { record } = await keys.create();
    await keys.revoke(record.id);
    const revoked = await keys.get(record.id);
    clock.advance(1000);
    expect(await keys.revoke(record.id)).toBe(true);
    expect(await keys.get(record.id)).toEqual(revoked);
  });

  test('that is revoked can be neither changed nor rotated', async () => {
    const { keys, use } = await open();
    const { key, record } = await keys.create();
    await keys.revoke(record.id);
    await expect(keys.update(record.id, { expiresAt: null })).rejects.toThrow(ConfigError);
    await expect(keys.rotate(record.id)).rejects.toThrow('The key is revoked and cannot be rotated.');
    expect(await use(key)).toBe(REVOKED);
  });

  test('that is changed while it is revoked stays revoked', async () => {
    const { keys, use } = await open();
    for (let round = 0; round < 10; round += 1) {
      const { key, record } = await keys.create();
      const changes = () => [keys.update(record.id, { name: 'x' }), keys.rotate(record.id)];
      await Promise.allSettled([...changes(), keys.revoke(record.id), ...changes()]);
      expect(await keys.get(record.id)).toMatchObject({ revokedAt: expect.any(String) });
      expect(await use(key)).toMatch(/^401/);
    }
  });

  test('that is changed while it is rotated has both', async () => {
    const { keys, use } = await open();
    const { key, record } = await keys.create();
    const [, rotated] = await Promise.all([
      keys.update(record.id, { name: 'renamed' }),
      keys.rotate(record.id, { graceSeconds: 0 }),
      keys.update(record.id, { tier: 'basic' }),
    ]);
    expect(await keys.get(record.id)).toMatchObject({ name: 'renamed', tier: 'basic' });
    expect([await use(key), await use(rotated?.key ?? '')]).toEqual([EXPIRED, 200]);
  });
});

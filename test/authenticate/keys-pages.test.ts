import { describe, expect, jest, test } from '@jest/globals';
import type { ApiKeyInfo, ApiKeyStore, ApiKeys } from 'gatewright/authenticate';
import { authenticate, MemoryApiKeyStore, RedisApiKeyStore } from 'gatewright/authenticate';
import { send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { stores } from './keys-in-stores.js';
import { bare } from './support.js';

/** All pages, one behind the other. */
async function allPages(keys: ApiKeys, limit?: number): Promise<ApiKeyInfo[][]> {
  const pages: ApiKeyInfo[][] = [];
  let cursor: string | undefined;
  do {
    const page = await keys.list({ cursor, ...(limit !== undefined && { limit }) });
    pages.push([...page.keys]);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

describe.each(stores)('keys in %s', (_name, open) => {
  test('are listed in pages, each once, the oldest first and in the same order each time', async () => {
    const { keys } = await open();
    const ids = new Set<string>();
    for (let at = 0; at < 250; at += 1) ids.add((await keys.create({ name: `${at}` })).record.id);
    const pages = await allPages(keys);
    expect(pages.map((page) => page.length)).toEqual([100, 100, 50]);
    const all = pages.flat();
    expect(new Set(all.map(({ id }) => id))).toEqual(ids);
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort());
    for (const limit of [7, 125, 250, 1000]) expect((await allPages(keys, limit)).flat()).toEqual(all);
  });

  test('keep their places while others are made, changed and revoked', async () => {
    const { keys } = await open();
    for (let at = 0; at < 6; at += 1) await keys.create();
    const first = await keys.list({ limit: 3 });
    const before = (await keys.list()).keys.map(({ id }) => id);
    await keys.update(before[0] as string, { name: 'renamed' });
    await keys.revoke(before[1] as string);
    await keys.rotate(before[2] as string);
    await keys.create();
    const rest = await keys.list({ cursor: first.cursor });
    expect(rest.keys.slice(0, 3).map(({ id }) => id)).toEqual(before.slice(3));
    expect((await keys.list()).keys.slice(0, 6).map(({ id }) => id)).toEqual(before);
  });

  test('are at least one a page, and at most a thousand', async () => {
    const { keys } = await open();
    for (let at = 0; at < 3; at += 1) await keys.create();
    for (const limit of [0, -5]) expect((await keys.list({ limit })).keys).toHaveLength(1);
    expect((await keys.list({ limit: 10_000 })).keys).toHaveLength(3);
  });
});

const makers: [string, () => Promise<ApiKeyStore>][] = [
  ['memory', async () => new MemoryApiKeyStore()],
  ['Redis', async () => new RedisApiKeyStore({ client: (await RedisServer.start()).client() })],
];

describe.each(makers)('when keys were last used, in %s', (_name, make) => {
  test('is written once for many requests, and on closing', async () => {
    const store = await make();
    const touch = jest.spyOn(store, 'touch' as never) as unknown as jest.Mock<
      (used: ReadonlyMap<string, number>) => void
    >;
    const guard = authenticate({ apiKeys: { store } });
    const { url } = await serve(bare(guard, (_req, res) => res.end('in')));
    const [used, unused] = [await guard.apiKeys.create(), await guard.apiKeys.create()];
    const before = Date.now();
    for (let times = 0; times < 10; times += 1) {
      expect((await send(url, '/', { headers: { 'X-API-Key': used.key } })).status).toBe(200);
    }
    await send(url, '/', { headers: { 'X-API-Key': 'gw_mistyped' } });
    const after = Date.now();
    await guard.close();
    const noted = touch.mock.calls.map(([each]) => [...each.keys()]);
    expect(new Set(noted.flat())).toEqual(new Set([used.record.id]));
    expect(noted.length).toBeLessThan(10);
    const [at = 0] = (await store.lastUsed?.([used.record.id]))?.values() ?? [];
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(after);
    const { keys } = await guard.apiKeys.list();
    const times = Object.fromEntries(keys.map(({ id, lastUsedAt }) => [id, lastUsedAt]));
    expect(times).toEqual({ [used.record.id]: new Date(at).toISOString(), [unused.record.id]: undefined });
    expect(await guard.apiKeys.get(used.record.id)).toMatchObject({ lastUsedAt: times[used.record.id] });
  });

  test('is not noted of a request that is refused', async () => {
    const store = await make();
    const guard = authenticate({ apiKeys: { store } });
    const { url } = await serve(bare(guard, (_req, res) => res.end('in')));
    const { key, record } = await guard.apiKeys.create({ allowedIps: ['203.0.113.7'] });
    expect((await send(url, '/', { headers: { 'X-API-Key': key } })).status).toBe(403);
    await guard.close();
    expect(await store.lastUsed?.([record.id])).toEqual(new Map());
  });
});

test('a store that cannot note uses hurts no request, and closing goes well', async () => {
  const store = new MemoryApiKeyStore();
  jest.spyOn(store, 'touch').mockImplementation(() => {
    throw new Error('disk full');
  });
  const guard = authenticate({ apiKeys: { store } });
  const { url } = await serve(bare(guard, (_req, res) => res.end('in')));
  const { key } = await guard.apiKeys.create();
  expect((await send(url, '/', { headers: { 'X-API-Key': key } })).status).toBe(200);
  await guard.close();
});

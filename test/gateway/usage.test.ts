import { expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { keyed } from './api-key-support.js';
import { adminKey } from './support.js';

async function used() {
  const gateway = await keyed();
  const { create, use } = gateway;
  const own = await create({ permissions: ['usage:read-own'] });
  const reader = await create({ permissions: ['metrics:read'] });
  const other = await create({});
  for (const key of [own, other, other]) expect(await use(key.api_key)).toBe(200);
  // A forwarding field: not a peer on this machine.
  const ask = async (key?: string, query = '') => {
    const headers = { 'X-Forwarded-For': '192.0.2.1', ...(key !== undefined && { 'X-API-Key': key }) };
    const { status, body } = await send(gateway.url, `/api/usage${query}`, { headers });
    return { status, json: JSON.parse(body) };
  };
  const subjects = ({ json }: Awaited<ReturnType<typeof ask>>) =>
    json.usage.map(
      ({ subject, requests }: { subject: string; requests: number }) => `${subject} ${requests}`,
    );
  return { ...gateway, own, reader, other, ask, subjects };
}

test('whoever may read metrics sees who used what', async () => {
  const { ask, subjects, own, other, reader } = await used();
  for (const key of [reader.api_key, adminKey]) {
    expect(subjects(await ask(key))).toEqual([`key:${other.key_id} 2`, `key:${own.key_id} 1`]);
  }
  expect(subjects(await ask(reader.api_key, `?subject=key:${own.key_id}`))).toEqual([`key:${own.key_id} 1`]);
});

test('the owner of a key that may read its own usage sees that alone, whatever is asked for', async () => {
  const { ask, subjects, own, other } = await used();
  for (const query of ['', `?subject=key:${other.key_id}`, '?scope=local', '?by=subject,service']) {
    const answer = await ask(own.api_key, query);
    expect(subjects(answer)).toEqual([`key:${own.key_id} 1`]);
    expect(answer.json.total.requests).toBe(1);
  }
});

test('others see nothing', async () => {
  const { ask, other } = await used();
  expect(await ask(other.api_key)).toMatchObject({ status: 403, json: { required: ['usage:read-own'] } });
  expect((await ask()).status).toBe(401);
});

test('a peer on this machine sees all without a key', async () => {
  const { url } = await used();
  const { usage } = JSON.parse((await send(url, '/api/usage')).body);
  expect(usage).toHaveLength(2);
});

test('the endpoint can be moved, and is not there without analytics', async () => {
  const moved = await keyed({ endpoints: { usage: '/usage' } });
  expect((await send(moved.url, '/usage')).status).toBe(200);
  expect((await send(moved.url, '/api/usage')).status).toBe(404);
  const without = await keyed({ analytics: false });
  expect((await send(without.url, '/api/usage')).status).toBe(404);
});

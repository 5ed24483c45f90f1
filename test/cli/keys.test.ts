import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { send, serve } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { RedisServer } from '../redis-server.js';
import { command, mistakes } from './support.js';

const services = 'services: { /api/kgot: "http://localhost:16000" }\n';

test('creates a key without a Redis, and the lines of a file that accept it', async () => {
  const { code, stdout } = await command([
    'keys',
    'create',
    '--name',
    'ci',
    '--tier',
    'basic',
    '--permissions',
    'a:b, c:d',
  ]);
  expect(code).toBe(0);
  const [, key = ''] = /shown this once: (gw_\w{49})\n/.exec(stdout) ?? [];
  const lines = stdout.slice(stdout.indexOf('authenticate:'));
  expect(lines).toContain(createHash('sha256').update(key).digest('hex'));
  expect(lines).toContain('tier: basic');
  expect(lines).not.toContain(key);
  // There is no file yet: they are a whole one.
  expect(await mistakes(lines)).toEqual([]);
});

test('creates, lists, rotates and revokes keys in Redis, which a gateway goes by', async () => {
  const redis = await RedisServer.start();
  const behind = await upstream();
  const env = { REDIS_URL: redis.url };
  const keys = async (...args: string[]) => {
    const { code, stdout, stderr } = await command(['keys', ...args, '--json'], { env });
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };
  const gateway = createGateway({ redis: redis.url, services: { '/api': behind.url } });
  const { url } = await serve(gateway.listener);
  const statusOf = async (key: string) =>
    (await send(url, '/api/x', { headers: { 'X-API-Key': key } })).status;

  const made = await keys('create', '--name', 'ci', '--expires-in-days', '30', '--owner', 'me');
  expect(made).toMatchObject({ name: 'ci', owner: 'me', tier: 'free', revoked_at: null });
  expect(await statusOf(made.api_key)).toBe(200);

  const rotated = await keys('rotate', made.key_id, '--grace-seconds', '0');
  expect(rotated.key_id).toBe(made.key_id);
  expect(await statusOf(rotated.api_key)).toBe(200);

  const { keys: listed } = await keys('list');
  expect(listed).toEqual([expect.objectContaining({ key_id: made.key_id, name: 'ci' })]);
  expect(JSON.stringify(listed)).not.toContain(rotated.api_key);

  expect(await keys('revoke', made.key_id)).toEqual({ key_id: made.key_id, revoked: true });
  const table = await command(['keys', 'list'], { env });
  expect(table.stdout).toMatch(/^ID +NAME +TIER +STATE.*\n\S+ +ci +free +revoked /);
  await gateway.close();
});

test('tells that there is no such key by the exit code 5', async () => {
  const redis = await RedisServer.start();
  for (const args of [
    ['revoke', 'none'],
    ['rotate', 'none'],
  ]) {
    const { code, stderr } = await command(['keys', ...args, '--redis-url', redis.url]);
    expect([code, stderr]).toEqual([5, expect.stringContaining('There is no API key with the id "none".')]);
  }
});

test('tells that Redis cannot be asked by the exit code 4, without a password in it', async () => {
  const { code, stderr } = await command(['keys', 'list', '--redis-url', 'redis://me:hidden@127.0.0.1:1']);
  expect(code).toBe(4);
  expect(stderr).toBe(
    'gatewright: Redis at 127.0.0.1:1 cannot be asked (ECONNREFUSED). Start it, or correct `redis`, REDIS_URL or --redis-url.\n',
  );
});

test('a Redis that refuses the password is no Redis', async () => {
  const redis = await RedisServer.start('--requirepass', 'other');
  const { code, stderr } = await command(['keys', 'list'], {
    env: { REDIS_URL: redis.url.replace('//', '//:hidden@') },
  });
  expect([code, stderr]).toEqual([4, expect.stringMatching(/cannot be asked \((?:WRONGPASS|NOAUTH)/)]);
  expect(stderr).not.toContain('hidden');
});

test.each<[string, string[], string]>([
  ['a listing without a Redis', ['list'], 'There is no Redis that keys are kept in'],
  ['an expiry in a file', ['create', '--expires-in-days', '3'], '--expires-in-days is for keys in Redis'],
  [
    'a number that is none',
    ['create', '--expires-in-days', 'soon'],
    '--expires-in-days must be a number, got "soon"',
  ],
  ['an empty tier', ['create', '--tier', ''], '`tier` must have at least 1 character'],
])('refuses %s', async (_what, args, message) => {
  const { code, stderr } = await command(['keys', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('goes by the configuration: its Redis, and its list of keys', async () => {
  const redis = await RedisServer.start();
  const own = 'authenticate: { apiKeys: { keyPrefix: "own:" } }\n';
  const files = { 'gateway-config.yaml': `${services}redis: ${redis.url}\n${own}` };
  expect((await command(['keys', 'create', '--json'], { files })).code).toBe(0);
  expect(await redis.client().keys('own:*')).not.toEqual([]);
  const listed = {
    'gateway-config.yaml': `${services}redis: ${redis.url}\nauthenticate: { apiKeys: { keys: [] } }\n`,
  };
  const { stdout } = await command(['keys', 'create'], { files: listed });
  expect(stdout).toContain('Put these lines into the configuration file');
  expect(stdout).not.toContain('services:');
});

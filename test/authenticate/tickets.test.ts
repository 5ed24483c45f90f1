import { describe, expect, test } from '@jest/globals';
import {
  authenticate,
  MemoryTicketStore,
  RedisTicketStore,
  signRequest,
  type TicketStore,
} from 'gatewright/authenticate';
import { cleanup, mounts, send, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { eventSource, idleStore, ticketed, webSocket } from './browser-support.js';
import { secret, tokenWith } from './jwt-support.js';
import { wallClock } from './keys-support.js';
import { adminKey } from './support.js';

const hmac = {
  keys: { alice: { secret, tier: 'premium', permissions: ['a:b'], metadata: { team: 'red' } } },
};
const jwt = { secret, algorithms: ['HS256' as const], claims: { metadata: ['team'] } };
const custom = { id: 'u', method: 'custom', tier: 'free', permissions: [], metadata: {} } as const;
const invalid = [401, 'Invalid ticket'];
const forged = `gwt_${'A'.repeat(43)}`;

const makers: [string, () => Promise<TicketStore>][] = [
  ['memory', async () => new MemoryTicketStore()],
  [
    'Redis',
    async () => {
      const store = new RedisTicketStore({ client: (await RedisServer.start()).client(), timeoutMs: 2000 });
      cleanup(() => store.close());
      return store;
    },
  ],
];

describe.each(makers)('a ticket in %s', (_name, make) => {
  const open = async (options = {}) => ticketed({ tickets: { store: await make() }, ...options });

  test.each([
    ['a WebSocket', webSocket()],
    ['a WebSocket of an odd spelling', webSocket({ Upgrade: 'h2c, WebSocket' })],
    ['server-sent events', eventSource],
    ['server-sent events among others', { Accept: 'text/html;q=0.1, Text/Event-Stream;q=0.9' }],
  ])('lets in %s once, as whoever has asked for it', async (_what, headers) => {
    const { guard, ticketFor, use } = await open();
    const wanted = { tier: 'premium', permissions: ['a:b'], metadata: { team: 'red' } };
    const limits = { requestsPerMinute: 7 };
    const { key, record } = await guard.apiKeys.create({ ...wanted, limits });
    const ticket = await ticketFor({ 'X-API-Key': key });
    expect(ticket).toMatch(/^gwt_[\w-]{43}$/);
    const { id } = record;
    expect(await use(ticket, headers)).toEqual({ id, method: 'api-key', ...wanted, keyId: id, limits });
    expect(await use(ticket, headers)).toEqual(invalid);
  });

  test('is one of two that are used at once', async () => {
    const { guard, ticketFor, use } = await open();
    const { key } = await guard.apiKeys.create();
    const ticket = await ticketFor({ 'X-API-Key': key });
    const seen = await Promise.all(Array.from({ length: 10 }, () => use(ticket)));
    expect(seen.filter((each) => !Array.isArray(each))).toHaveLength(1);
  });

  test('stands for any credential', async () => {
    const { issuing, ticketFor, use } = await open({ adminKey, jwt, hmac });
    const token = tokenWith({ iss: 'us', tier: 'basic', scope: 'x:y', team: 'blue' });
    const bearer = { Authorization: `Bearer ${token}` };
    const signed = signRequest({ method: 'GET', url: issuing.url, keyId: 'alice', secret });
    expect(await use(await ticketFor({ 'X-API-Key': adminKey }))).toMatchObject({
      method: 'admin',
      tier: 'system',
    });
    expect(await use(await ticketFor(bearer))).toEqual({
      id: 'alice',
      method: 'jwt',
      issuer: 'us',
      tier: 'basic',
      permissions: ['x:y'],
      metadata: { team: 'blue' },
    });
    const { secret: _kept, ...rest } = hmac.keys.alice;
    expect(await use(await ticketFor(signed))).toEqual({ id: 'alice', method: 'hmac', ...rest });
  });

  test('is refused when its key has been revoked since', async () => {
    const { guard, ticketFor, use } = await open();
    const { key, record } = await guard.apiKeys.create();
    const ticket = await ticketFor({ 'X-API-Key': key });
    await guard.apiKeys.revoke(record.id);
    expect(await use(ticket)).toEqual([401, 'API key revoked']);
  });

  test('is refused when the secret that it was asked for with has been replaced', async () => {
    const { guard, ticketFor, use } = await open();
    const { key, record } = await guard.apiKeys.create();
    const before = await ticketFor({ 'X-API-Key': key });
    const renewed = await guard.apiKeys.rotate(record.id, { graceSeconds: 60 });
    const [former, current] = [
      await ticketFor({ 'X-API-Key': key }),
      await ticketFor({ 'X-API-Key': renewed?.key ?? '' }),
    ];
    expect(await use(before)).toMatchObject({ id: record.id });
    await guard.apiKeys.rotate(record.id, { graceSeconds: 60 });
    expect(await use(former)).toEqual([401, 'Invalid API key']);
    expect(await use(current)).toMatchObject({ id: record.id });
  });

  test('has the limits that its key has when it is used', async () => {
    const { guard, ticketFor, use } = await open();
    const { key, record } = await guard.apiKeys.create({ tier: 'premium' });
    const ticket = await ticketFor({ 'X-API-Key': key });
    await guard.apiKeys.update(record.id, { tier: 'basic' });
    expect(await use(ticket)).toMatchObject({ tier: 'basic' });
  });

  test('is refused where its key may not be used', async () => {
    const { guard, ticketFor, use } = await open();
    const { key, record } = await guard.apiKeys.create({ allowedIps: ['127.0.0.1'] });
    const [one, other] = [await ticketFor({ 'X-API-Key': key }), await ticketFor({ 'X-API-Key': key })];
    expect(await use(one)).toMatchObject({ id: record.id });
    await guard.apiKeys.update(record.id, { allowedIps: ['203.0.113.7'] });
    expect(await use(other)).toEqual([403, 'This key may not be used from this address']);
  });

  test('does not outlive its token', async () => {
    const clock = wallClock();
    const { ticketFor, use } = await open({ jwt });
    const exp = Math.floor(Date.now() / 1000) + 60;
    const [one, other] = await Promise.all(
      [1, 2].map(() => ticketFor({ Authorization: `Bearer ${tokenWith({ exp })}` })),
    );
    expect(await use(one as string)).toMatchObject({ id: 'alice' });
    clock.advance(61_000);
    expect(await use(other as string)).toEqual(invalid);
  });

  test('is refused when the key of its signature is gone', async () => {
    const keys = new Map(Object.entries(hmac.keys));
    const { issuing, ticketFor, use } = await open({ hmac: { keys: (id: string) => keys.get(id) } });
    const sign = () => signRequest({ method: 'GET', url: issuing.url, keyId: 'alice', secret });
    const [one, other] = [await ticketFor(sign()), await ticketFor(sign())];
    expect(await use(one)).toMatchObject({ id: 'alice' });
    keys.clear();
    expect(await use(other)).toEqual(invalid);
  });

  test.each([
    ['forged', forged],
    ['empty', 'gwt_'],
    ['too long', `${forged}A`],
    ['too short', forged.slice(0, -1)],
    ['of another alphabet', `gwt_${'.'.repeat(43)}`],
    ['there twice', `${forged}&ticket=${forged}`],
  ])('is refused if it is %s', async (_how, ticket) => {
    const { use } = await open();
    expect(await use(ticket)).toEqual(invalid);
    expect(await use(ticket, webSocket())).toEqual(invalid);
  });
});

describe('a ticket', () => {
  test.each([
    ['a plain request', 'GET', {}],
    ['a request for anything', 'GET', { Accept: '*/*' }],
    ['an upload that accepts server-sent events', 'POST', eventSource],
    ['an upgrade to something else', 'GET', { Connection: 'Upgrade', Upgrade: 'h2c' }],
    ['something that is called nearly the same', 'GET', { Accept: 'text/event-stream-x' }],
  ])('is refused on %s, and is not used up', async (_what, method, headers) => {
    const { url, guard, ticketFor, use } = await ticketed();
    const { key } = await guard.apiKeys.create();
    const ticket = await ticketFor({ 'X-API-Key': key });
    const answer = await send(url, `/?ticket=${ticket}`, {
      method,
      headers: { ...headers, 'X-API-Key': key },
    });
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([
      401,
      'A ticket is for WebSockets and server-sent events alone',
    ]);
    expect(await use(ticket)).toMatchObject({ method: 'api-key' });
  });

  test.each([
    ['?ticket=T', ''],
    ['?ticket=T&a=1', '?a=1'],
    ['?a=1&ticket=T', '?a=1'],
    ['?a=%20+%2B&&ticket=T&b=&=c&d', '?a=%20+%2B&&b=&=c&d'],
    ['?ticket=mine&ticket=T&aticket=1', '?ticket=mine&aticket=1'],
    ['?ticket=T&', '?'],
    ['?a=/?x&ticket=T&b=;?', '?a=/?x&b=;?'],
  ])('is taken out of %s, and nothing else', async (query, rest) => {
    const { url, guard, ticketFor } = await ticketed();
    const { key } = await guard.apiKeys.create();
    const ticket = await ticketFor({ 'X-API-Key': key });
    const path = `/x/${query.replace('=T', `=${ticket}`)}`;
    expect(JSON.parse((await send(url, path, { headers: eventSource })).body).url).toBe(`/x/${rest}`);
  });

  test('is looked at before any other credential, and stands alone', async () => {
    const { url, guard } = await ticketed();
    const { key } = await guard.apiKeys.create();
    const headers = { ...eventSource, 'X-API-Key': key };
    expect((await send(url, `/?ticket=${forged}`, { headers })).status).toBe(401);
  });

  test('of another form belongs to the upstream', async () => {
    const { url } = await ticketed({ anonymous: { paths: ['/'] } });
    for (const query of ['?ticket=42', '?ticket=', '?TICKET=gwt_x', '?other=gwt_x', '?ticket']) {
      expect(JSON.parse((await send(url, `/${query}`)).body).url).toBe(`/${query}`);
    }
  });

  test('can have a parameter of another name', async () => {
    const { url, guard, ticketFor } = await ticketed({ tickets: { parameter: 'auth.ticket' } });
    const { key } = await guard.apiKeys.create();
    const ticket = await ticketFor({ 'X-API-Key': key });
    const answer = await send(url, `/?ticket=gwt_x&auth.ticket=${ticket}`, { headers: eventSource });
    expect([answer.status, JSON.parse(answer.body).url]).toEqual([200, '/?ticket=gwt_x']);
  });

  test('is the upstream’s where tickets are switched off', async () => {
    const { url, guard } = await ticketed({ tickets: false, anonymous: { paths: ['/'] } });
    expect(guard.tickets).toBeUndefined();
    const answer = await send(url, `/?ticket=${forged}`, { headers: eventSource });
    expect(JSON.parse(answer.body).url).toBe(`/?ticket=${forged}`);
  });

  test('counts as a wrong credential if it is one', async () => {
    const { use } = await ticketed({ lockout: { failures: 3 } });
    for (let times = 0; times < 3; times += 1) expect(await use(forged)).toEqual(invalid);
    expect((await use(forged))[0]).toBe(429);
  });

  test('of a wrong form is not looked up', async () => {
    const { store, asked } = idleStore();
    const { use } = await ticketed({ tickets: { store } });
    await use('gwt_x');
    expect(asked).toEqual([]);
    await use(forged);
    expect(asked).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(asked[0]).not.toContain(forged.slice(4));
  });

  test('is given to nobody who is anonymous, or not who they were', async () => {
    const { guard, issued } = await ticketed({ anonymous: { paths: ['/'] } });
    expect((await issued({})).status).toBe(401);
    const { record } = await guard.apiKeys.create();
    const copied = { id: record.id, method: 'api-key', tier: 'x', permissions: [], metadata: {} } as const;
    await expect(guard.tickets?.issue(copied)).rejects.toThrow(TypeError);
  });

  test('stands for what a method of one’s own has said', async () => {
    const identity = {
      id: 'u1',
      method: 'custom',
      tier: 'basic',
      permissions: ['a:b'],
      metadata: { a: [1] },
    };
    const { ticketFor, use } = await ticketed({
      verify: (req) => (req.headers['x-session'] ? ({ identity } as never) : undefined),
    });
    expect(await use(await ticketFor({ 'X-Session': '1' }))).toEqual(identity);
  });
});

test.each<[string, object, string]>([
  ['no time', { ttlMs: 0 }, 'authenticate.tickets.ttlMs'],
  ['an hour', { ttlMs: 3_600_000 }, 'authenticate.tickets.ttlMs'],
  ['a name with an ampersand', { parameter: 'a&b' }, 'authenticate.tickets.parameter'],
  ['a store that can only keep', { store: { put() {} } }, 'authenticate.tickets.store'],
  ['an unknown option', { ttlSeconds: 3 }, 'authenticate.tickets.ttlSeconds'],
])('%s is refused', async (_what, tickets, message) => {
  await expect(ticketed({ tickets })).rejects.toThrow(message);
});

test.each(mounts)('a ticket is taken out of every URL in %s', async (_name, mount) => {
  const guard = authenticate({ adminKey });
  const { url } = await serve(
    mount(guard, (req, res) => {
      const { originalUrl } = req as { originalUrl?: string };
      res.end(JSON.stringify([req.url, originalUrl ?? req.url]));
    }),
  );
  const issued = await guard.tickets?.issue(custom);
  const answer = await send(url, `/x?a=1&ticket=${issued?.ticket}&b`, { headers: eventSource });
  expect(JSON.parse(answer.body)).toEqual(['/x?a=1&b', '/x?a=1&b']);
});

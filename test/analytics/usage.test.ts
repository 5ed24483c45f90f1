import { expect, jest, test } from '@jest/globals';
import type { RequestEvent } from 'gatewright/analytics';
import { analytics } from 'gatewright/analytics';
import { Figures } from '../../src/analytics/figures.js';
import { usageEndpoint } from '../../src/analytics/usage-endpoint.js';
import { cleanup, send, serve } from '../helpers.js';
import { recorded, recordOf } from './support.js';

const TODAY = '2024-01-03';

/** Figures at noon of 3 January 2024. */
function atNoon(more: { maxEntries?: number; keepDays?: number } = {}) {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.parse(`${TODAY}T12:00:00Z`));
  cleanup(() => clock.mockRestore());
  const options = { maxEntries: 100, keepDays: 3, flushMs: 1000, closeTimeoutMs: 1000, ...more };
  const figures = new Figures(options, undefined);
  const add = (day: string, more: Partial<RequestEvent>): void =>
    figures.add(recordOf({ timestamp: Date.parse(`${day}T12:00:00Z`), durationMs: 10, ...more }));
  return { figures, add };
}

function someUsage() {
  const { figures, add } = atNoon();
  add('2024-01-02', { subject: 'key:a', service: 'kgot', cost: 0.5 });
  add(TODAY, { subject: 'key:a', service: 'kgot', cost: 0.25, bytesIn: 3, bytesOut: 5 });
  add(TODAY, { subject: 'key:a', service: 'alita', cost: 0.25, status: 503 });
  add(TODAY, { subject: 'key:b', tier: 'basic', service: 'kgot', cost: 2 });
  add(TODAY, { subject: 'ip:192.0.2.1', service: 'kgot' });
  add(TODAY, { subject: 'ip:192.0.2.2', service: 'kgot' });
  return figures;
}

test('says who used what today, the dearest first', async () => {
  expect(await someUsage().usage({})).toEqual({
    from: TODAY,
    to: TODAY,
    scope: 'local',
    group_by: ['subject'],
    usage: [
      figures({ subject: 'key:b', requests: 1, cost: 2 }),
      figures({ subject: 'key:a', requests: 2, errors: 1, cost: 0.5, bytes_in: 3, bytes_out: 5 }),
      figures({ subject: 'ip:192.0.2.1', requests: 1 }),
      figures({ subject: 'ip:192.0.2.2', requests: 1 }),
    ],
    total: figures({ requests: 5, errors: 1, cost: 2.5, bytes_in: 3, bytes_out: 5 }),
  });
});

const figures = (more: Record<string, unknown>) => ({
  errors: 0,
  cost: 0,
  bytes_in: 0,
  bytes_out: 0,
  avg_response_time_ms: 10,
  ...more,
});

test('tells usage apart by day, tier and service, alone and together', async () => {
  const all = someUsage();
  const of = async (query: Parameters<Figures['usage']>[0]) =>
    (await all.usage(query)).usage.map(({ requests, day, subject, tier, service }) =>
      [day, subject, tier, service, requests].filter((part) => part !== undefined).join(' '),
    );
  const from = '2024-01-01';
  expect(await of({ from, by: ['day'] })).toEqual(['2024-01-03 5', '2024-01-02 1']);
  expect(await of({ by: ['tier'] })).toEqual(['basic 1', 'free 4']);
  expect(await of({ by: ['service'], tier: 'free' })).toEqual(['kgot 3', 'alita 1']);
  expect(await of({ from, by: ['day', 'service'], subject: 'key:a' })).toEqual([
    '2024-01-02 kgot 1',
    '2024-01-03 alita 1',
    '2024-01-03 kgot 1',
  ]);
  expect(await of({ service: 'nowhere' })).toEqual([]);
});

test('forgets days that are too old, and not before', async () => {
  const { figures, add } = atNoon({ keepDays: 2 });
  for (const day of ['2024-01-01', '2024-01-02', TODAY]) add(day, {});
  for (const from of ['2024-01-01', '2023-12-01']) {
    const { usage } = await figures.usage({ from, by: ['day'] });
    expect(usage.map(({ day }) => day).sort()).toEqual(['2024-01-02', '2024-01-03']);
  }
});

test('finds the days that are kept in a span of any length', async () => {
  const usage = someUsage();
  for (const from of ['2024-01-02', '2023-06-01', '0001-01-01']) {
    for (const to of [undefined, TODAY, '2024-12-31', '9999-12-31'])
      expect((await usage.usage({ from, to })).total.requests).toBe(6);
  }
  expect(await usage.usage({ to: '2024-01-02' })).toMatchObject({
    from: '2024-01-02',
    to: '2024-01-02',
    total: { requests: 1 },
  });
});

test('ten thousand subjects are a hundred, and others; totals stay right', async () => {
  const { figures, add } = atNoon();
  for (let at = 0; at < 10_000; at += 1) add(TODAY, { subject: `ip:${at}`, tier: `tier-${at}`, cost: 0.001 });
  const { usage, total } = await figures.usage({ by: ['subject', 'tier', 'service'] });
  expect(total).toMatchObject({ requests: 10_000, cost: 10 });
  expect(usage.length).toBeLessThanOrEqual(201);
});

test('a name of any length is bounded', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (req, res) => {
    const permissions: string[] = [];
    const id = 'x'.repeat(100_000);
    if (req.gateway) req.gateway.identity = { id, method: 'jwt', tier: 'free', permissions, metadata: {} };
    res.end();
  });
  await send(url, '/');
  await until(1);
  expect((await recorder.usage()).usage[0]?.subject).toMatch(/^sha256:[\da-f]{64}$/);
});

test('a clock that is set back, and on again, loses nothing', async () => {
  const { figures, add } = atNoon();
  add(TODAY, {});
  add('2024-01-02', {});
  add(TODAY, {});
  expect((await figures.usage({ from: '2024-01-02' })).total.requests).toBe(3);
  expect(figures.localReport().metrics.total_requests).toBe(2);
});

/** What the endpoint answers. */
async function ask(query: string, accept?: string) {
  const all = someUsage();
  const { url } = await serve((req, res) => {
    usageEndpoint((wanted) => all.usage(wanted))(req, res).catch((error) => {
      res.writeHead(error.status).end(JSON.stringify(error.body));
    });
  });
  return send(url, `/api/usage${query}`, { headers: accept === undefined ? {} : { Accept: accept } });
}

test('answers in pages', async () => {
  const first = JSON.parse((await ask('?limit=3')).body);
  expect(first.usage.map(({ subject }: { subject: string }) => subject)).toEqual([
    'key:b',
    'key:a',
    'ip:192.0.2.1',
  ]);
  expect(first.next_cursor).toBe('3');
  const second = JSON.parse((await ask('?limit=3&cursor=3')).body);
  expect(second.usage).toHaveLength(1);
  expect(second).toMatchObject({ next_cursor: null, total: first.total });
});

test.each(['?format=csv', ''])('answers CSV where it is asked for: %p', async (query) => {
  const answer = await ask(query, query === '' ? 'text/csv' : undefined);
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(answer.body).toBe(
    'subject,requests,errors,cost,bytes_in,bytes_out,avg_response_time_ms\r\n' +
      'key:b,1,0,2,0,0,10\r\nkey:a,2,1,0.5,3,5,10\r\nip:192.0.2.1,1,0,0,0,0,10\r\nip:192.0.2.2,1,0,0,0,0,10\r\n',
  );
});

test('names the next page of a CSV in a link', async () => {
  const { headers } = await ask('?format=csv&limit=1&by=subject');
  expect(headers.link).toBe('<?format=csv&limit=1&by=subject&cursor=1>; rel="next"');
});

test('a name that looks like a formula, or like columns, is text in a CSV', async () => {
  const { figures, add } = atNoon();
  add(TODAY, { subject: '=HYPERLINK("http://evil")' });
  add(TODAY, { subject: 'a,"b"\nc' });
  const { url } = await serve((req, res) => void usageEndpoint((query) => figures.usage(query))(req, res));
  const { body } = await send(url, '/?format=csv');
  expect(body).toContain(`"'=HYPERLINK(""http://evil"")",1`);
  expect(body).toContain('"a,""b""\nc",1');
});

test.each([
  ['from=yesterday', '`from` must be a day'],
  ['from=2024-02-30', '`from` must be a day'],
  ['from=2024-01-02&to=2024-01-01', '`to` must not be before `from`'],
  ['by=colour', '`by` must be `day`, `subject`'],
  ['by=tier,tier', '`by` must not name a group twice'],
  ['limit=0', '`limit` must be'],
  ['limit=1e9', '`limit` must be'],
  ['cursor=-1', '`cursor` must be'],
  ['cursor=x', '`cursor` must be'],
  ['format=xml', "`format` must be 'json' or 'csv', got 'xml'"],
  ['colour=red', '`colour`: unknown option'],
  ['from=2024-01-01&from=2024-01-02', '`from` is given twice'],
])('a query of %s is refused', async (query, message) => {
  const answer = await ask(`?${query}`);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body).message).toContain(message);
});

test('shows one subject alone where that is said', async () => {
  const all = someUsage();
  const { url } = await serve(
    (req, res) => void usageEndpoint((query) => all.usage(query))(req, res, 'key:a'),
  );
  const { usage } = JSON.parse((await send(url, '/?subject=key:b')).body);
  expect(usage.map(({ subject }: { subject: string }) => subject)).toEqual(['key:a']);
});

test('counts what really passed', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (req, res) => {
    req.resume();
    req.once('end', () => res.end('hello'));
  });
  await send(url, '/', { method: 'POST', body: 'four' });
  await until(1);
  const { usage } = await recorder.usage();
  expect(usage).toEqual([
    expect.objectContaining({ subject: 'ip:127.0.0.1', requests: 1, bytes_in: 4, bytes_out: 5 }),
  ]);
  await recorder.close();
});

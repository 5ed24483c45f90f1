import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { GatewayContext } from 'gatewright';
import type { CostOptions, ServiceOptions } from 'gatewright/proxy-router';
import { contextOf } from '../../src/core/context.js';
import { send, sendRaw } from '../helpers.js';
import { gateway, keepWarnings, rawUpstream, until, upstream } from './support.js';

type Cost = ServiceOptions['cost'];

/** A router before an upstream that says such a cost, and what it left on each request at the end. */
async function costed(cost: Cost, says: Record<string, string | string[]> = {}) {
  const behind = await upstream((_req, res) => {
    for (const [name, value] of Object.entries(says)) res.setHeader(name, value);
    res.end('four');
  });
  return recorded(cost, behind.url);
}

async function recorded(cost: Cost, target: string) {
  const costs: GatewayContext['cost'][] = [];
  const { logger, lines } = keepWarnings();
  const options = { services: { '/api': { name: 'kgot', targets: [target], cost } }, logger };
  const server = await gateway(options, (req, res, next) => {
    const context = contextOf(req, res);
    context.outcome.onEnd(() => costs.push(context.cost));
    next();
  });
  return { ...server, costs, warnings: lines };
}

describe('what a request is estimated to cost', () => {
  const rules: CostOptions = {
    estimated: 0.001,
    rules: [
      { methods: ['POST'], path: '/chat', estimated: 0.02 },
      { path: '/chat', estimated: 0.01 },
      { methods: ['DELETE'], estimated: 0 },
      { path: '/café', estimated: 0.03 },
    ],
  };

  test.each([
    ['POST', '/api/chat', 0.02],
    ['POST', '/api/chat/completions?n=1', 0.02],
    ['GET', '/api/chat', 0.01],
    ['GET', '/api/chats', 0.001],
    ['DELETE', '/api/other', 0],
    ['DELETE', '/api/chat', 0.01],
    ['GET', '/api', 0.001],
    ['GET', '/api/%63hat', 0.01],
    ['GET', '/api/c%48at', 0.001],
    ['GET', '/api/%2563hat', 0.001],
    ['GET', '/api/chat%2Fx', 0.001],
    ['GET', '/api/caf%C3%A9/x', 0.03],
  ])('is said by the first rule that fits: %s %s', async (method, url, dollars) => {
    const { router } = await costed(rules);
    expect(router.match({ method, url, headers: {} })?.cost).toBe(dollars);
  });

  test('is what a function says', async () => {
    const { router } = await costed((req) => Number(req.headers['x-tokens'] ?? 0) / 1000);
    expect(router.match({ method: 'GET', url: '/api', headers: { 'x-tokens': '5' } })?.cost).toBe(0.005);
  });

  test.each<[string, () => number]>([
    ['throws', () => JSON.parse('{')],
    ['gives less than nothing', () => -1],
    ['gives no number', () => Number.NaN],
    ['gives no end', () => Number.POSITIVE_INFINITY],
    ['gives nothing', () => null as never],
    ['gives text', () => '5' as never],
  ])('makes the request a 500 where the function %s', async (_what, cost) => {
    const { url } = await costed(cost);
    expect(await send(url, '/api')).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
  });
});

describe('what a request has cost', () => {
  const header = 'X-Request-Cost';

  test.each([
    ['0.25', 0.25],
    ['0', 0],
    ['1e-05', 0.00001],
    ['1000', 1000],
  ])('is said by a field of the response: %s', async (said, actual) => {
    const { url, costs } = await costed({ estimated: 0.1, header }, { [header]: said });
    const answer = await send(url, '/api');
    await until(() => costs.length === 1);
    expect(costs[0]).toEqual({ estimated: 0.1, actual });
    expect(answer.headers['x-request-cost']).toBeUndefined();
  });

  test('is shown to the client where that is wished', async () => {
    const { url } = await costed({ header, keepHeader: true }, { [header]: '0.25' });
    expect((await send(url, '/api')).headers['x-request-cost']).toBe('0.25');
  });

  test('is not read from a field that was not named', async () => {
    const { url, costs } = await costed(0.1, { [header]: '0.25' });
    expect((await send(url, '/api')).headers['x-request-cost']).toBe('0.25');
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBeUndefined();
  });

  test.each<[string, string | string[]]>([
    ['a negative one', '-1'],
    ['no number', 'free'],
    ['NaN', 'NaN'],
    ['one without end', 'Infinity'],
    ['one in another notation', '0x10'],
    ['two', ['0.1', '0.2']],
    ['an absurd one', '1000.01'],
    ['an empty one', ''],
    ['digits without end', '9'.repeat(5000)],
  ])('is the estimate, with a line in the log, where the field says %s', async (_what, said) => {
    const { url, costs, warnings } = await costed({ estimated: 0.1, header }, { [header]: said });
    await send(url, '/api');
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBeUndefined();
    expect(warnings[0]?.[0]).toBe('An actual cost is not believed');
    expect(JSON.stringify(warnings).length).toBeLessThan(400);
  });

  test('is said by a trailer, which goes no further', async () => {
    const trailer = 'X-Request-Cost: 0.5\r\nX-Checksum: 1\r\n';
    const { url } = await rawUpstream((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n${trailer}\r\n`),
    );
    const { port, costs } = await recorded({ estimated: 0.1, header }, url);
    const answer = await sendRaw(port, 'GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBe(0.5);
    expect(answer).toContain('X-Checksum: 1');
    expect(answer.toLowerCase()).not.toContain('x-request-cost');
  });

  test('is what a function makes of the response', async () => {
    const seen: unknown[] = [];
    const cost: CostOptions = {
      actual: ({ status, headers, bytes, durationMs }, context) => {
        seen.push(status, headers['x-tokens'], context.service?.name, durationMs >= 0);
        return bytes / 8;
      },
    };
    const { url, costs } = await costed(cost, { 'X-Tokens': '12' });
    await send(url, '/api');
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBe(0.5);
    expect(seen).toEqual([200, '12', 'kgot', true]);
  });

  test('is what the field says, where there is a function too', async () => {
    const { url, costs } = await costed({ header, actual: () => 7 }, { [header]: '0.25' });
    await send(url, '/api');
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBe(0.25);
  });

  test.each<[string, () => number | undefined, number]>([
    ['does not know', () => undefined, 0],
    ['throws', () => JSON.parse('{'), 1],
    ['gives no amount', () => Number.NaN, 1],
    ['gives an absurd one', () => 1e9, 1],
  ])('is the estimate where the function %s', async (_what, actual, lines) => {
    const { url, costs, warnings } = await costed({ estimated: 0.1, actual });
    expect((await send(url, '/api')).status).toBe(200);
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBeUndefined();
    expect(warnings).toHaveLength(lines);
  });

  test('is known of an answer whose client leaves, too', async () => {
    const behind = await upstream((_req, res) => {
      res.setHeader(header, '0.25');
      res.write('the beginning');
    });
    const { port, costs } = await recorded({ header }, behind.url);
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /api HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.once('data', () => socket.destroy());
    await until(() => costs.length === 1);
    expect(costs[0]?.actual).toBe(0.25);
  });

  test('is not asked for where no upstream has answered', async () => {
    const { url, costs, warnings } = await recorded({ actual: () => 7 }, 'http://127.0.0.1:1');
    expect((await send(url, '/api')).status).toBe(502);
    await until(() => costs.length === 1);
    expect(costs[0]).toBeUndefined();
    expect(warnings.filter(([line]) => line.includes('cost'))).toEqual([]);
  });
});

test.each<[string, unknown, string]>([
  ['a negative cost', -1, '`services["/api"].cost`'],
  ['a field name that is none', { header: 'a b' }, 'must be the name of a header field'],
  ['a rule without an amount', { rules: [{ path: '/a' }] }, 'cost.rules[0].estimated'],
  [
    'a method in small letters',
    { rules: [{ methods: ['get'], estimated: 1 }] },
    'must be a method in capitals',
  ],
  ['an unknown option', { heder: 'X-Cost' }, 'Did you mean `header`?'],
])('%s is refused at construction', async (_what, cost, message) => {
  await expect(costed(cost as Cost)).rejects.toThrow(message);
});

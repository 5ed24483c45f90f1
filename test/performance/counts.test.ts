import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { describe, expect, jest, test } from '@jest/globals';
import { createGateway } from 'gatewright';
import { everything, serviceOf } from '../../benchmarks/layers.mjs';
import { httpProxyTransport } from '../../src/proxy-router/http-proxy-transport.js';
import { undiciTransport } from '../../src/proxy-router/undici-transport.js';
import { cleanup, send, serve } from '../helpers.js';
import {
  type Counts,
  countingCalls,
  countingResources,
  perRequest,
  REQUESTS,
  warmChain,
} from './counting.js';

// What is counted is the same on each run, however busy the machine is. A bound is half as much again as the count that is
// written beside it: what goes over it has changed for the worse by much. Where a count has become less, lower its bound.

/** How much there is of a name; none where it was never counted. */
const of = (counts: Counts, name: string): number => counts[name] ?? 0;
const all = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('a request through everything', () => {
  test('makes few promises, timers and ticks', async () => {
    const chain = await warmChain();
    const counts = perRequest(await countingResources(() => chain.send(REQUESTS)));
    expect(of(counts, 'PROMISE')).toBeLessThanOrEqual(0.75); // 0.51, all of the test
    expect(of(counts, 'TickObject')).toBeLessThanOrEqual(4.5); // 3
    expect(of(counts, 'Timeout')).toBeLessThanOrEqual(1.5); // 1
    expect(of(counts, 'Immediate')).toBeLessThanOrEqual(1.5); // 1
    expect(all(counts)).toBeLessThanOrEqual(8.5); // 5.64
  });

  test('compiles no expression, parses no URL, and sets few header fields', async () => {
    const chain = await warmChain();
    const counts = await countingCalls(() => chain.send(REQUESTS));
    expect(counts).toMatchObject({ RegExp: 0, URL: 0 });
    expect(of(perRequest(counts), 'setTimeout')).toBeLessThanOrEqual(1.5); // 1
    expect(of(perRequest(counts), 'setHeader')).toBeLessThanOrEqual(10.5); // 7, of which 3 are the upstream's
  });
});

describe('a request over its limit', () => {
  test('makes hardly any promise, timer and tick', async () => {
    const chain = await warmChain();
    const counts = perRequest(await countingResources(() => chain.sendRefused(REQUESTS)));
    expect(of(counts, 'PROMISE')).toBeLessThanOrEqual(0.4); // 0.26, all of the test
    expect(of(counts, 'Timeout')).toBeLessThan(0.1); // 0; something else in the process may have one of its own
    expect(of(counts, 'Immediate')).toBeLessThanOrEqual(1.5); // 1
    expect(all(counts)).toBeLessThanOrEqual(3.5); // 2.33
  });

  test('compiles no expression, parses no URL, and sets few header fields', async () => {
    const chain = await warmChain();
    const counts = await countingCalls(() => chain.sendRefused(REQUESTS));
    expect(counts).toMatchObject({ RegExp: 0, URL: 0 });
    expect(of(perRequest(counts), 'setTimeout')).toBeLessThan(0.1); // 0
    expect(of(perRequest(counts), 'setHeader')).toBeLessThanOrEqual(10.5); // 7
  });
});

/** An error traces the stack, which takes longer than all else that a header field or a time-out needs. */
test.each([
  ['http-proxy-middleware', httpProxyTransport],
  ['undici', undiciTransport],
])('a request over %s makes no error', async (_name, transport) => {
  const { url } = await serve((req, res) => res.end(req.method));
  const gateway = createGateway({ ...everything, services: serviceOf([url]), transport: transport() });
  cleanup(() => gateway.close());
  const { key } = (await gateway.apiKeys?.create({ name: 'bench', tier: 'bench' })) ?? {};
  const { url: at } = await serve(gateway.listener);
  const headers = { 'X-API-Key': String(key) };
  const ask = async (method: string) => {
    const body = method === 'POST' ? { body: 'a body' } : {};
    expect((await send(at, '/api/kgot', { method, headers, ...body })).body).toBe(method);
  };
  await ask('GET');
  const counts = await countingCalls(async () => {
    for (let turn = 0; turn < 10; turn++) for (const method of ['GET', 'POST']) await ask(method);
  });
  expect(counts).toMatchObject({ Error: 0 });
});

test('V8 knows the shape of the options that http-proxy-middleware makes for each request', async () => {
  setFlagsFromString('--allow-natives-syntax');
  const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)');
  const { url } = await serve((_req, res) => res.end());
  const gateway = createGateway({ ...everything, authenticate: false, services: serviceOf([url]) });
  cleanup(() => gateway.close());
  const { url: at } = await serve(gateway.listener);
  const emitted = jest.spyOn(EventEmitter.prototype, 'emit');
  cleanup(() => emitted.mockRestore());
  for (let turn = 0; turn < 20; turn++) await send(at, '/api/kgot');
  const options = emitted.mock.calls.filter(([name]) => name === 'proxyReq').map((given) => given[4]);
  expect(options).toHaveLength(20);
  expect(haveSameShape(options.at(-1), options.at(-2))).toBe(true);
});

describe('the counts', () => {
  test('see what a middleware does', async () => {
    const wasteful = await warmChain({
      async tracing(req, _res, next) {
        await undefined;
        setTimeout(() => new RegExp(new URL(`http://localhost${req.url}`).pathname), 0);
        next();
      },
    });
    const lean = await warmChain();
    const resources = async (chain: typeof lean): Promise<Counts> =>
      perRequest(await countingResources(() => chain.send(REQUESTS)));
    const [more, less] = [await resources(wasteful), await resources(lean)];
    // One for each request; the process itself may have made a few meanwhile, in either.
    expect(of(more, 'PROMISE') - of(less, 'PROMISE')).toBeGreaterThan(0.98);
    expect(of(more, 'Timeout') - of(less, 'Timeout')).toBeGreaterThan(0.98);
    const calls = await countingCalls(async () => {
      await wasteful.send(REQUESTS);
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    expect(of(calls, 'RegExp')).toBeGreaterThanOrEqual(REQUESTS);
    expect(of(calls, 'URL')).toBeGreaterThanOrEqual(REQUESTS);
    expect(await countingCalls(async () => void new Error('One'))).toMatchObject({ Error: 1 });
  });
});

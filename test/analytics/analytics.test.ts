import { connect } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { type AnalyticsOptions, analytics, ConfigError, GatewayEvents } from 'gatewright';
import { Registry } from 'prom-client';
import { cleanup, mounts, send } from '../helpers.js';
import { recorded } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  test('records every request when it has ended', async () => {
    const recorder = analytics();
    const { url, until } = await recorded(
      recorder,
      (req, res) => {
        res.statusCode = Number(req.url?.slice(1));
        res.end();
      },
      mount,
    );
    for (const status of [200, 200, 404, 500]) await send(url, `/${status}`);
    await until(4);
    expect(recorder.report().metrics).toMatchObject({
      total_requests: 4,
      error_rate: 0.25,
      status_codes: { 200: 2, 404: 1, 500: 1 },
    });
  });
});

test('records a client that left before the answer as 499, and as no error', async () => {
  const recorder = analytics();
  const { port, until } = await recorded(recorder, () => socket.destroy());
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  await until(1);
  expect(recorder.report().metrics).toMatchObject({ error_rate: 0, status_codes: { 499: 1 } });
});

test('records an answer that was cut as an error, with the status that was sent', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (req, res) => {
    res.write('the beginning');
    req.gateway?.outcome.fail(new Error('upstream reset'));
    res.destroy();
  });
  await expect(send(url, '/')).rejects.toThrow();
  await until(1);
  expect(recorder.report().metrics).toMatchObject({ error_rate: 1, status_codes: { 200: 1 } });
});

test('adds up what was charged, else what was estimated', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (req, res) => {
    if (!req.gateway) return;
    req.gateway.cost = req.url === '/charged' ? { estimated: 5, actual: 0.25 } : { estimated: 0.1 };
    res.end();
  });
  await send(url, '/charged');
  await send(url, '/estimated');
  await until(2);
  expect(recorder.report().metrics.total_cost).toBe(0.35);
  expect(await recorder.registry.metrics()).toContain(
    'gateway_cost_dollars_total{service="none",tier="none"} 0.35',
  );
});

test('sees what a middleware does at the very end of a response', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (req, res) => {
    const context = req.gateway;
    context?.outcome.onEnd(() => {
      context.cost = { estimated: 5, actual: 1 };
    });
    res.end();
  });
  await send(url, '/');
  await until(1);
  expect(recorder.report().metrics.total_cost).toBe(1);
});

test('begins anew with the hour', async () => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2024-01-01T12:59:59Z'));
  cleanup(() => clock.mockRestore());
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (_req, res) => res.end());
  await send(url, '/');
  await until(1);
  const total = (count: number) => ({ metrics: { total_requests: count } });
  expect(recorder.report()).toMatchObject({ timestamp: '2024-01-01T12:59:59Z', ...total(1) });
  clock.mockReturnValue(Date.parse('2024-01-01T13:00:00Z'));
  expect(recorder.report()).toMatchObject({ timestamp: '2024-01-01T13:00:00Z', ...total(0) });
});

test('uses a registry of the user’s', async () => {
  const registry = new Registry();
  const recorder = analytics({ registry });
  expect(recorder.registry).toBe(registry);
  expect(registry.getSingleMetric('http_server_request_duration_seconds')).toBeDefined();
});

test('has a registry of its own by default', () => {
  expect(analytics().registry).not.toBe(analytics().registry);
});

test('shows the state of breakers that it hears of', async () => {
  const events = new GatewayEvents();
  const { registry } = analytics({ events });
  events.publish('breaker', { key: 'kgot', from: 'closed', to: 'open' });
  const state = (name: string) => `gateway_circuit_breaker_state{service="kgot",state="${name}"}`;
  expect(await registry.metrics()).toContain(`${state('open')} 1`);
  events.publish('breaker', { key: 'kgot', from: 'open', to: 'half-open' });
  const text = await registry.metrics();
  expect(text).toContain(`${state('open')} 0`);
  expect(text).toContain(`${state('half-open')} 1`);
});

test.each<[string, AnalyticsOptions, string]>([
  ['a number of labels', { maxLabelValues: 0 }, '`analytics.maxLabelValues` must be greater than 0, got 0.'],
  ['a registry that is none', { registry: {} as Registry }, 'analytics.registry'],
  ['events that are none', { events: {} as GatewayEvents }, 'analytics.events'],
])('refuses %s when it is called', (_what, options, message) => {
  expect(() => analytics(options)).toThrow(ConfigError);
  expect(() => analytics(options)).toThrow(message);
});

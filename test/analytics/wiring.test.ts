import { expect, jest, test } from '@jest/globals';
import { type Alert, analytics, GatewayEvents, type RequestEvent } from 'gatewright';
import { cleanup, send } from '../helpers.js';
import { recorded } from './support.js';

/** Has time go by for timers, while connections work as ever. */
function fakeTimers(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'Date'] });
  cleanup(() => jest.useRealTimers());
}

test('a request reaches sinks, alerts and the forecast, and what they count is shown', async () => {
  const events = new GatewayEvents();
  const batches: (readonly RequestEvent[])[] = [];
  const told: Alert[] = [];
  let bothFire = (): void => undefined;
  const fire = new Promise<void>((resolve) => {
    bothFire = resolve;
  });
  const recorder = analytics({
    events,
    sinks: [{ name: 'mine', write: (batch) => void batches.push(batch) }],
    alerts: {
      rules: [
        { metric: 'error_rate', above: 0.5, minimumRequests: 1 },
        { name: 'breakers', metric: 'breaker_state' },
      ],
      evaluateMs: 100,
      onAlert(alert) {
        told.push(alert);
        if (told.length === 2) bothFire();
      },
    },
    forecast: { intervalMs: 60_000, history: [5, 5, 5], requestsPerSecondPerReplica: 2 },
  });
  const { url, until } = await recorded(recorder, (_req, res) => {
    res.statusCode = 500;
    res.end();
  });
  await send(url, '/');
  await until(1);
  events.publish('breaker', { key: 'kgot', from: 'closed', to: 'open' });
  await fire;
  expect(recorder.firing()).toHaveLength(2);
  expect(told.map(({ rule, state }) => `${rule} ${state}`).sort()).toEqual([
    'breakers firing',
    'error_rate firing',
  ]);
  const text = await recorder.registry.metrics();
  expect(text).toContain('gateway_alerts_firing{rule="breakers"} 1');
  expect(text).toMatch(/^gateway_forecast_requests_per_second 5(\.\d+)?$/m);
  expect(text).toContain('gateway_forecast_recommended_replicas 3');
  await recorder.close();
  expect(batches.flat()).toMatchObject([{ status: 500, subject: 'ip:127.0.0.1' }]);
  const after = await recorder.registry.metrics();
  expect(after).toContain('gateway_sink_events_total{sink="mine"} 1');
  expect(after).toContain('gateway_sink_events_lost_total{sink="mine",reason="full"} 0');
});

test('says nothing of a forecast that is not known', async () => {
  const recorder = analytics({ forecast: {} });
  const text = await recorder.registry.metrics();
  expect(text).not.toMatch(/^gateway_forecast_requests_per_second \d/m);
  await recorder.close();
});

test('a sink that hangs, and one that throws, slow no request and take nothing from the others', async () => {
  fakeTimers();
  const written: number[] = [];
  const recorder = analytics({
    sinks: [
      { name: 'hangs', write: () => new Promise(() => undefined) },
      {
        name: 'throws',
        write() {
          throw new Error('no');
        },
      },
      { name: 'well', write: (batch) => void written.push(batch.length) },
    ],
    sinkQueue: { batchSize: 10, maxBuffered: 20, flushMs: 10, writeTimeoutMs: 1000, closeTimeoutMs: 1000 },
  });
  const { url, until } = await recorded(recorder, (_req, res) => res.end());
  for (let turn = 0; turn < 100; turn += 1) expect((await send(url, '/')).status).toBe(200);
  await until(100);
  await jest.advanceTimersByTimeAsync(1000);
  const text = await recorder.registry.metrics();
  const of = (pattern: string) => Number(new RegExp(`^${pattern} (\\d+)$`, 'm').exec(text)?.[1]);
  expect(of('gateway_sink_events_buffered\\{sink="hangs"\\}')).toBeLessThanOrEqual(30);
  expect(of('gateway_sink_events_lost_total\\{sink="throws",reason="failed"\\}')).toBe(100);
  expect(written.reduce((sum, length) => sum + length, 0)).toBe(100);
  const closing = recorder.close();
  await jest.advanceTimersByTimeAsync(2000);
  await closing;
});

test('hears of other parts no more when it is closed', async () => {
  const events = new GatewayEvents();
  const recorder = analytics({ events, alerts: [{ metric: 'store_mode' }] });
  await recorder.close();
  expect(events.eventNames()).toEqual([]);
});

test('counts refusals, cut answers, and what something else answered', async () => {
  const events = new GatewayEvents();
  const recorder = analytics({ events });
  const { url, until } = await recorded(recorder, (req, res) => {
    if (req.gateway) req.gateway.degraded = { service: 'kgot', by: 'static' };
    res.end();
  });
  await send(url, '/');
  await until(1);
  events.publish('cut', { key: 'kgot' });
  const text = await recorder.registry.metrics();
  expect(text).toContain('gateway_degraded_responses_total{service="kgot",by="static"} 1');
  expect(text).toContain('gateway_responses_cut_total{service="kgot"} 1');
});

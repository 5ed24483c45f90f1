import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import { analytics } from 'gatewright/analytics';
import { proxyRouter } from 'gatewright/proxy-router';
import { gathered, processMetrics } from '../../src/analytics/gather.js';
import { PrometheusMetrics } from '../../src/analytics/prometheus.js';
import { send } from '../helpers.js';
import { recorded, recordOf } from './support.js';

const event = recordOf({ durationMs: 20 });

const events = new GatewayEvents();
const configured = { maxLabelValues: 100, registry: undefined, events };

/** The values that a label has in a text of metrics. */
function valuesOf(label: string, text: string): Set<string> {
  return new Set(
    [...text.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, 'g'))].map((match) => match[1] ?? ''),
  );
}

test('bounds labels: ten thousand services are a hundred, and others', async () => {
  const metrics = new PrometheusMetrics(configured);
  for (let at = 0; at < 10_000; at += 1) {
    metrics.ended({ ...event, service: `service-${at}`, tier: `tier-${at}`, cost: 1 });
    events.publish('breaker', { key: `service-${at}`, from: 'closed', to: 'open' });
  }
  const text = await metrics.registry.metrics();
  for (const label of ['service', 'tier']) {
    const values = valuesOf(label, text);
    expect(values.size).toBe(101);
    expect(values).toContain('other');
    expect(values).toContain(`${label}-99`);
  }
  expect(text).toContain('gateway_cost_dollars_total{service="other",tier="other"} 9900');
});

test('goes on telling apart the values that came first', async () => {
  const metrics = new PrometheusMetrics({ ...configured, maxLabelValues: 1 });
  for (const service of ['kgot', 'alita', 'kgot']) metrics.ended({ ...event, service });
  const text = await metrics.registry.metrics();
  const count = 'http_server_request_duration_seconds_count';
  const labels = 'http_request_method="GET",http_response_status_code="200"';
  expect(text).toContain(`${count}{${labels},service="kgot",tier="free"} 2`);
  expect(text).toContain(`${count}{${labels},service="other",tier="free"} 1`);
});

test('keys of breakers, which clients may choose, take no places of services', async () => {
  const metrics = new PrometheusMetrics({ ...configured, maxLabelValues: 2 });
  for (const key of ['a', 'b', 'c']) events.publish('breaker', { key, from: 'closed', to: 'open' });
  for (const service of ['kgot', 'alita']) metrics.ended({ ...event, service, cost: 1 });
  const text = await metrics.registry.metrics();
  expect(valuesOf('service', text)).toEqual(new Set(['a', 'b', 'other', 'kgot', 'alita']));
  metrics.close();
});

test('observes durations in seconds', async () => {
  const metrics = new PrometheusMetrics(configured);
  metrics.ended({ ...event, durationMs: 20 });
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/^http_server_request_duration_seconds_sum\{.*\} 0\.02$/m);
  expect(text).toMatch(/^http_server_request_duration_seconds_bucket\{le="0\.01",.*\} 0$/m);
  expect(text).toMatch(/^http_server_request_duration_seconds_bucket\{le="0\.025",.*\} 1$/m);
});

test('counts refusals by the limit that refused', async () => {
  const metrics = new PrometheusMetrics(configured);
  metrics.ended({ ...event, status: 429, limitType: 'per_minute' });
  metrics.ended({ ...event, status: 429, limitType: 'per_minute' });
  metrics.ended(event);
  expect(await metrics.registry.metrics()).toContain(
    'gateway_rate_limited_requests_total{limit_type="per_minute",tier="free",enforced="true"} 2',
  );
});

test('tells of upstreams: what was tried again, what went wrong, which targets are up', async () => {
  const events = new GatewayEvents();
  const recorder = analytics({ events });
  const targets = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
  const retries = { backoffMs: 0 };
  const router = proxyRouter({
    services: { '/kgot': { targets, retries, ejection: { failures: 1 } } },
    events,
  });
  const { url, until } = await recorded(recorder, (req, res) => router(req, res, () => res.end()));
  for (let turn = 0; turn < 2; turn += 1) await send(url, '/kgot');
  await until(2);
  const text = await recorder.registry.metrics();
  expect(text).toContain('gateway_upstream_retries_total{service="kgot"} 1');
  expect(text).toContain('gateway_upstream_failures_total{service="kgot",reason="unreachable"} 2');
  expect(text).toContain('gateway_target_up{service="kgot",target="http://127.0.0.1:1"} 0');
  await router.close();
});

test('what several processes say of one breaker, store and target is not added up', async () => {
  const processes = [new GatewayEvents(), new GatewayEvents()].map((events) => {
    const metrics = new PrometheusMetrics({ ...configured, events });
    events.publish('breaker', { key: 'kgot', from: 'closed', to: 'open' });
    events.publish('storeMode', { store: 'rate_limit', mode: 'local' });
    return { metrics, events };
  });
  const [one, two] = processes as [(typeof processes)[0], (typeof processes)[0]];
  for (const [at, { events }] of processes.entries())
    events.publish('target', { service: 'kgot', target: 'http://a', up: at === 0, by: 'ejection' });
  const all = await gathered(one.metrics.registry, async () => [await processMetrics(two.metrics.registry)]);
  const text = await all.metrics();
  expect(text).toContain('gateway_circuit_breaker_state{service="kgot",state="open"} 1\n');
  expect(text).toContain('gateway_store_mode{store="rate_limit",mode="local"} 1\n');
  expect(text).toContain('gateway_target_up{service="kgot",target="http://a"} 0\n');
});

test('what several processes measure of themselves is added up, unless it says otherwise', async () => {
  const [one, two] = [2, 3].map((value) => {
    const metrics = new PrometheusMetrics(configured);
    const about = {
      help: 'A number.',
      type: 'gauge',
      labels: [],
      read: () => [{ labels: {}, value }],
    } as const;
    metrics.observe({
      measurements: () => [
        { name: 'added', ...about },
        { name: 'highest', merge: 'max', ...about },
        { name: 'lowest', merge: 'min', ...about },
      ],
    });
    return metrics;
  }) as [PrometheusMetrics, PrometheusMetrics];
  const all = await gathered(one.registry, async () => [await processMetrics(two.registry)]);
  const text = await all.metrics();
  for (const line of ['added 5', 'highest 3', 'lowest 2']) expect(text).toContain(`\n${line}\n`);
});

test('names methods that are not known _OTHER', async () => {
  const recorder = analytics();
  const { url, until } = await recorded(recorder, (_req, res) => res.end());
  for (const method of ['GET', 'PATCH', 'PROPFIND', 'PURGE']) await send(url, '/', { method });
  await until(4);
  const text = await recorder.registry.metrics();
  expect(valuesOf('http_request_method', text)).toEqual(new Set(['GET', 'PATCH', '_OTHER']));
});

test('counts the requests that are running, up and down', async () => {
  const recorder = analytics();
  const running = async () =>
    /^http_server_active_requests (\d+)$/m.exec(await recorder.registry.metrics())?.[1];
  let seen: string | undefined;
  const { url, port, until } = await recorded(recorder, async (req, res) => {
    if (req.url === '/leave') {
      socket.destroy();
      return;
    }
    seen = await running();
    res.end();
  });
  await send(url, '/');
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /leave HTTP/1.1\r\nHost: a\r\n\r\n'));
  await until(2);
  expect(seen).toBe('1');
  expect(await running()).toBe('0');
});

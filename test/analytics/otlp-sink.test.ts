import { expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import type { OtlpSinkOptions } from '../../src/analytics/otlp-options.js';
import { otlpSink } from '../../src/analytics/otlp-sink.js';
import { cleanup } from '../helpers.js';
import { event, events, never, receiver } from './sink-support.js';

// The JSON mapping of ExportMetricsServiceRequest: 64-bit integers are strings of digits, enums are numbers.
const uint64 = z.string().regex(/^\d{1,20}$/);
const attribute = z.strictObject({
  key: z.string().min(1),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  ]),
});
const point = { attributes: z.array(attribute), startTimeUnixNano: uint64, timeUnixNano: uint64 };
const histogram = z.strictObject({
  aggregationTemporality: z.literal(1),
  dataPoints: z.array(
    z.strictObject({
      ...point,
      count: uint64,
      sum: z.number(),
      min: z.number(),
      max: z.number(),
      explicitBounds: z.array(z.number()),
      bucketCounts: z.array(uint64),
    }),
  ),
});
const sum = z.strictObject({
  aggregationTemporality: z.literal(1),
  isMonotonic: z.literal(true),
  dataPoints: z.array(
    z.strictObject({ ...point, asInt: uint64.optional(), asDouble: z.number().optional() }),
  ),
});
const metric = z.strictObject({
  name: z.string(),
  description: z.string(),
  unit: z.string(),
  histogram: histogram.optional(),
  sum: sum.optional(),
});
const request = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeMetrics: z.array(
        z.strictObject({ scope: z.strictObject({ name: z.string() }), metrics: z.array(metric) }),
      ),
    }),
  ),
});

async function exporter(options: Partial<OtlpSinkOptions> = {}, statuses: number[] = []) {
  const { url, received } = await receiver((res, nth) => res.writeHead(statuses[nth - 1] ?? 200).end('{}'));
  const sink = otlpSink({ url: `${url}/v1/metrics`, retryDelayMs: 1, ...options });
  const exported = (at = 0) => {
    const body = request.parse(JSON.parse(received[at]?.body ?? ''));
    const { resource, scopeMetrics } = body.resourceMetrics[0] ?? ({} as never);
    const metrics = Object.fromEntries((scopeMetrics[0]?.metrics ?? []).map((each) => [each.name, each]));
    return { resource: resource.attributes, metrics };
  };
  return { sink, received, exported };
}

const attributes = (method: string, status: string, service: string, tier: string) => [
  { key: 'http.request.method', value: { stringValue: method } },
  { key: 'http.response.status_code', value: { intValue: status } },
  { key: 'gateway.service', value: { stringValue: service } },
  { key: 'gateway.tier', value: { stringValue: tier } },
];

test('exports a batch as a histogram and two sums, by the protocol’s JSON encoding', async () => {
  const { sink, received, exported } = await exporter();
  const batch = [
    event({ durationMs: 5 }),
    event({ durationMs: 5.1 }),
    event({ durationMs: 20_000 }),
    event({ status: 503, tier: 'premium', cost: 0 }),
  ];
  await sink.write(batch, never);
  expect(received[0]).toMatchObject({ method: 'POST', url: '/v1/metrics' });
  expect(received[0]?.headers['content-type']).toBe('application/json');
  const { metrics } = exported();
  const duration = metrics['http.server.request.duration'];
  expect(duration?.unit).toBe('s');
  expect(duration?.histogram?.dataPoints).toHaveLength(2);
  expect(duration?.histogram?.dataPoints[0]).toMatchObject({
    attributes: attributes('GET', '200', 'kgot', 'free'),
    count: '3',
    min: 0.005,
    max: 20,
    explicitBounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    bucketCounts: ['1', '1', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '1'],
  });
  expect(duration?.histogram?.dataPoints[0]?.sum).toBeCloseTo(20.0101);
  expect(duration?.histogram?.dataPoints[1]?.attributes).toEqual(attributes('GET', '503', 'kgot', 'premium'));
  expect(metrics['gateway.requests']?.sum?.dataPoints.map(({ asInt }) => asInt)).toEqual(['3', '1']);
  expect(metrics['gateway.cost']?.sum?.dataPoints.map(({ asDouble }) => asDouble)).toEqual([0.006, 0]);
});

test('says what process it is, and whatever else was asked for', async () => {
  const { sink, exported } = await exporter({ resource: { 'service.name': 'edge', 'cloud.region': 'eu' } });
  await sink.write([event()], never);
  const { resource } = exported();
  expect(resource).toContainEqual({ key: 'service.name', value: { stringValue: 'edge' } });
  expect(resource).toContainEqual({ key: 'cloud.region', value: { stringValue: 'eu' } });
  expect(resource.map(({ key }) => key)).toContain('service.instance.id');
});

test('begins each period where the last one ended, and never behind its end', async () => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(1000);
  cleanup(() => clock.mockRestore());
  const { sink, exported } = await exporter();
  for (const now of [3000, 7000, 2000]) {
    clock.mockReturnValue(now);
    await sink.write([event()], never);
  }
  const periods = [0, 1, 2].map((at) => exported(at).metrics['gateway.requests']?.sum?.dataPoints[0]);
  expect(periods.map((each) => [each?.startTimeUnixNano, each?.timeUnixNano])).toEqual([
    ['1000000000', '3000000000'],
    ['3000000000', '7000000000'],
    ['2000000000', '2000000000'],
  ]);
});

test('makes of absurd values none that the protocol has not', async () => {
  const { sink, exported } = await exporter();
  const costs = [Number.NaN, Number.POSITIVE_INFINITY, -5, 1e300, Number.NEGATIVE_INFINITY];
  await sink.write(
    costs.map((cost) => event({ cost, durationMs: Number.NaN })),
    never,
  );
  expect(exported().metrics['gateway.cost']?.sum?.dataPoints[0]?.asDouble).toBe(2_000_000);
});

test('has a bounded number of series, whatever methods clients invent', async () => {
  const { sink, exported } = await exporter();
  await sink.write(
    events(100).map(({ id, ...each }) => ({ ...each, id, method: `M${id}` })),
    never,
  );
  const points = exported().metrics['gateway.requests']?.sum?.dataPoints;
  expect(points?.map((each) => each.attributes[0]?.value)).toEqual([{ stringValue: '_OTHER' }]);
});

test('is tried again while the collector is away', async () => {
  const { sink, received } = await exporter({}, [503, 429]);
  await sink.write([event()], never);
  expect(received).toHaveLength(3);
});

test.each<[string, object, string]>([
  ['credentials in the URL', { url: 'http://a:b@127.0.0.1' }, 'must not hold a user name or password'],
  ['an unknown option', { interval: 5 }, '`otlpSink.interval`: unknown option.'],
])('refuses %s', (_name, options, message) => {
  expect(() => otlpSink({ url: 'http://127.0.0.1:4318/v1/metrics', ...options })).toThrow(message);
});

import { DURATION_BUCKETS } from './duration-histogram.js';
import type { OtlpSeries } from './otlp-series.js';

/** An attribute in the JSON form of the OpenTelemetry protocol: 64-bit integers are strings. */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** Each export says what happened since the last one (`AGGREGATION_TEMPORALITY_DELTA`; enums are numbers). */
const DELTA = 1;

/** Milliseconds since 1970 between which something was counted. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/**
 * The body of a metrics export: an `ExportMetricsServiceRequest` of the OpenTelemetry protocol 1.x, in its JSON encoding.
 */
export function metricsRequest(
  series: readonly OtlpSeries[],
  resource: Readonly<Record<string, string>>,
  period: Period,
) {
  const points = series.map((each) => ({ each, common: commonOf(each, period) }));
  return {
    resourceMetrics: [
      {
        resource: { attributes: Object.entries(resource).map(([key, value]) => text(key, value)) },
        scopeMetrics: [
          {
            scope: { name: 'gatewright' },
            metrics: [
              {
                name: 'http.server.request.duration',
                description: 'Duration of HTTP server requests.',
                unit: 's',
                histogram: {
                  aggregationTemporality: DELTA,
                  dataPoints: points.map(({ each, common }) => ({
                    ...common,
                    count: String(each.count),
                    sum: each.sum,
                    min: each.min,
                    max: each.max,
                    explicitBounds: DURATION_BUCKETS,
                    bucketCounts: each.buckets.map(String),
                  })),
                },
              },
              {
                name: 'gateway.requests',
                description: 'Requests that have ended.',
                unit: '{request}',
                sum: {
                  aggregationTemporality: DELTA,
                  isMonotonic: true,
                  dataPoints: points.map(({ each, common }) => ({ ...common, asInt: String(each.count) })),
                },
              },
              {
                name: 'gateway.cost',
                description: 'Cost of requests, in dollars.',
                unit: '{USD}',
                sum: {
                  aggregationTemporality: DELTA,
                  isMonotonic: true,
                  dataPoints: points.map(({ each, common }) => ({ ...common, asDouble: each.cost })),
                },
              },
            ],
          },
        ],
      },
    ],
  };
}

function commonOf({ method, status, service, tier }: OtlpSeries, { from, to }: Period) {
  return {
    attributes: [
      text('http.request.method', method),
      integer('http.response.status_code', status),
      text('gateway.service', service),
      text('gateway.tier', tier),
    ],
    startTimeUnixNano: nanoseconds(from),
    timeUnixNano: nanoseconds(to),
  };
}

function text(key: string, stringValue: string): Attribute {
  return { key, value: { stringValue } };
}

function integer(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}

import { randomUUID } from 'node:crypto';
import { checkOptions } from '../core/options.js';
import { Delivery } from './delivery.js';
import { metricsRequest } from './otlp-metrics.js';
import { type OtlpSinkOptions, otlpSchema, type ResolvedOtlp } from './otlp-options.js';
import { seriesOf } from './otlp-series.js';
import type { Sink } from './sink.js';

const noFields = (): Record<string, string> => ({});

/**
 * Exports each batch as metrics over OTLP/HTTP in JSON: a histogram `http.server.request.duration`, and the sums
 * `gateway.requests` and `gateway.cost`, as deltas. The period of an export is the queue's `flushMs`, or less.
 *
 * @throws ConfigError for wrong options
 */
export function otlpSink(options: OtlpSinkOptions): Sink {
  return otlpSinkOf(checkOptions('otlpSink', otlpSchema, options));
}

/** The same of options that were checked. */
export function otlpSinkOf(config: ResolvedOtlp): Sink {
  const delivery = new Delivery(config);
  const resource = {
    'service.name': 'gatewright',
    'service.instance.id': randomUUID(),
    ...config.resource,
  };
  let from = Date.now();

  return {
    name: 'otlp',
    write(batch, signal) {
      const to = Date.now();
      // A clock that was set back must not make a period that ends before it begins.
      const period = { from: Math.min(from, to), to };
      from = to;
      return delivery.send(
        JSON.stringify(metricsRequest(seriesOf(batch), resource, period)),
        noFields,
        signal,
      );
    },
  };
}

import type { Registry } from 'prom-client';
import { toDollars } from '../core/money.js';
import type { DurationHistogram } from './duration-histogram.js';
import { ReadCounter, ReadHistogram } from './read-metrics.js';
import type { ServiceTraffic, Traffic } from './traffic.js';

/** Registers the metrics that are made of the counted traffic when somebody scrapes. */
export function registerTraffic(traffic: Traffic, registry: Registry): void {
  new ReadHistogram(
    {
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP server requests.',
      labelNames: ['http_request_method', 'http_response_status_code', 'service', 'tier'],
      registry,
    },
    () => durations(traffic),
  );
  const ofService = (name: string, help: string, pick: (service: ServiceTraffic) => DurationHistogram) =>
    new ReadHistogram({ name, help, labelNames: ['service'], registry }, function* read() {
      for (const [service, counted] of traffic.services) {
        const histogram = pick(counted);
        if (histogram.count > 0) yield { labels: { service }, histogram };
      }
    });
  ofService(
    'gateway_time_to_first_byte_seconds',
    'Time until the header fields of an answer were sent.',
    ({ timeToFirstByte }) => timeToFirstByte,
  );
  ofService(
    'gateway_upstream_duration_seconds',
    'Time from forwarding a request to the header fields of the upstream.',
    ({ upstream }) => upstream,
  );
  ofService(
    'gateway_overhead_seconds',
    'Time until the header fields of an answer were sent that was not spent on the upstream.',
    ({ overhead }) => overhead,
  );
  const bytes = (name: string, help: string, pick: (service: ServiceTraffic) => number) =>
    new ReadCounter({ name, help, labelNames: ['service'], registry }, function* read() {
      for (const [service, counted] of traffic.services) yield { labels: { service }, value: pick(counted) };
    });
  bytes(
    'gateway_request_body_bytes_total',
    'Bytes of the bodies of requests, and received through WebSockets.',
    ({ bytesIn }) => bytesIn,
  );
  bytes(
    'gateway_response_body_bytes_total',
    'Bytes of the bodies of responses, and sent through WebSockets.',
    ({ bytesOut }) => bytesOut,
  );
  new ReadCounter(
    {
      name: 'gateway_cost_dollars_total',
      help: 'Cost of requests, in dollars.',
      labelNames: ['service', 'tier'],
      registry,
    },
    function* read() {
      for (const [service, { tiers }] of traffic.services) {
        for (const [tier, { costMicros }] of tiers) {
          if (costMicros > 0) yield { labels: { service, tier }, value: toDollars(costMicros) };
        }
      }
    },
  );
}

function* durations(traffic: Traffic) {
  for (const [service, { tiers }] of traffic.services) {
    for (const [tier, { series }] of tiers) {
      for (const { method, status, duration } of [...series.values()].flat()) {
        const code = status === 0 ? 'other' : String(status);
        const labels = { http_request_method: method, http_response_status_code: code, service, tier };
        yield { labels, histogram: duration };
      }
    }
  }
}

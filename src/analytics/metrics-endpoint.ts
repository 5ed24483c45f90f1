import type { IncomingMessage, ServerResponse } from 'node:http';
import Negotiator from 'negotiator';
import type { Registry } from 'prom-client';
import type { MetricsReport } from './hour-figures.js';

const JSON_TYPE = 'application/json';
const PROMETHEUS_TYPE = 'text/plain; version=0.0.4';

/** Answers with the hour's figures as JSON, or with Prometheus text where `Accept` prefers it. */
export function metricsEndpoint(report: () => MetricsReport, registry: Registry) {
  return async function answerMetrics(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (new Negotiator(req).mediaType([JSON_TYPE, PROMETHEUS_TYPE]) === PROMETHEUS_TYPE) {
      send(res, `${PROMETHEUS_TYPE}; charset=utf-8`, await registry.metrics());
    } else {
      send(res, `${JSON_TYPE}; charset=utf-8`, JSON.stringify(report()));
    }
  };
}

function send(res: ServerResponse, type: string, body: string): void {
  res.appendHeader('Vary', 'Accept');
  res.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
